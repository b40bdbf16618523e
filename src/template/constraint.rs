//! [`Constraint`]: what a template itself lets the value of a parameter or variable be.
//!
//! A value that breaks one is not deployed, so none is written that may. What is not followed (patterns, and
//! conditions other than a list of values) allows no other value than the one that is there.

use rust_decimal::Decimal;

use super::{Place, resolve::shown};

/// Allowed values that a message names.
const MAX_NAMED: usize = 12;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// The literal that is held to it: a default, or what is given in its place.
    pub on: Place,
    /// `parameter Cpu`, `variable cpu`.
    pub of: String,
    /// The word for it: `AllowedValues`, `validation`.
    pub word: &'static str,
    pub at: Place,
    pub allows: Allows,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allows {
    /// These; as numbers where they are to be.
    OneOf {
        values: Vec<String>,
        as_numbers: bool,
    },
    AtLeast(Decimal),
    AtMost(Decimal),
    /// Nobody knows here: a pattern, a condition.
    NotFollowed(&'static str),
}

impl Constraint {
    /// What is said of the constraint where another value than the one that is there is not known to keep to it.
    pub fn forbids(&self, value: &str) -> Option<String> {
        self.allows.forbids(value).map(|why| {
            format!("{} {why} ({}, {}:{})", self.of, self.word, self.at.path.display(), self.at.line)
        })
    }

    /// Whether a place is within the literal that is held to it.
    pub fn is_on(&self, place: &Place) -> bool {
        self.on.path == place.path
            && self.on.span.start <= place.span.start
            && place.span.end <= self.on.span.end
    }
}

impl Allows {
    /// Why a value is not known to be allowed, as what is said of its parameter; nothing where it is.
    pub fn forbids(&self, value: &str) -> Option<String> {
        let number = || value.trim().parse::<Decimal>().ok();
        match self {
            Self::OneOf { values, as_numbers } => {
                let is_one = values.iter().any(|allowed| {
                    allowed == value
                        || (*as_numbers
                            && number().is_some_and(|number| allowed.trim().parse::<Decimal>() == Ok(number)))
                });
                (!is_one).then(|| format!("takes {} only", listed(values)))
            }
            Self::AtLeast(least) => number()
                .is_none_or(|number| number < *least)
                .then(|| format!("takes no less than {}", least.normalize())),
            Self::AtMost(most) => number()
                .is_none_or(|number| number > *most)
                .then(|| format!("takes no more than {}", most.normalize())),
            Self::NotFollowed(what) => Some(format!("is held to {what}")),
        }
    }
}

fn listed(values: &[String]) -> String {
    let mut named: Vec<String> = values.iter().take(MAX_NAMED).map(|value| shown(value)).collect();
    if values.len() > MAX_NAMED {
        return format!("{} and others", named.join(", "));
    }
    match named.pop() {
        None => "nothing".to_owned(),
        Some(last) if named.is_empty() => last,
        Some(last) => format!("{} or {last}", named.join(", ")),
    }
}
