//! [`CheckSettings`]: `[check]` and `[[waiver]]` of `fargauge.toml`, and what the command line says over them.
//!
//! Takes TOML text; gives settings in range, or file, line and what is wrong. What belongs to other commands
//! is theirs to read.

use std::{collections::BTreeMap, ops::Range};

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;
use toml::{Spanned, value::Datetime};

use super::{Level, Rule, matching::Match, waiver::Waiver};
use crate::config::{DEFAULT_TOML, Discount};

/// How templates are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckSettings {
    levels: BTreeMap<Rule, Level>,
    overrides: Vec<LevelOverride>,
    command_line: BTreeMap<Rule, Level>,
    /// What a finding about money must come to.
    pub floor: Floor,
    /// What a rise against the base must come to.
    pub cost_increase: Floor,
    pub required_tags: Vec<String>,
    pub stale_after_days: u32,
    /// Which templates run as which workloads, where names do not tell.
    pub links: Vec<Link>,
    pub waivers: Vec<Waiver>,
    /// What is paid of a list price: that of `[discount]`, which the config reads.
    pub paid: Decimal,
}

/// Both must be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor {
    /// A month.
    pub usd: Decimal,
    pub percent: Decimal,
}

impl Floor {
    /// Whether `change` of `cost` a month is worth a word. Anything is a large share of nothing.
    pub fn is_met_by(self, change: Decimal, cost: Decimal) -> bool {
        change >= self.usd && change > Decimal::ZERO && change * Decimal::ONE_HUNDRED >= cost * self.percent
    }
}

/// Levels and a budget for some templates.
#[derive(Debug, Clone, PartialEq, Eq)]
struct LevelOverride {
    matches: Match,
    levels: BTreeMap<Rule, Level>,
    budget: Option<Decimal>,
}

/// A template that runs as a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub matches: Match,
    /// Pattern of workload ids, with * and ?.
    pub workload: String,
}

/// What is wrong with the settings, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {cause}")]
pub struct SettingsError {
    /// File and line.
    pub place: String,
    pub cause: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    check: CheckFile,
    waiver: Vec<Spanned<WaiverFile>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CheckFile {
    floor_usd: Option<Spanned<f64>>,
    floor_percent: Option<Spanned<f64>>,
    cost_increase_usd: Option<Spanned<f64>>,
    cost_increase_percent: Option<Spanned<f64>>,
    budget_usd: Option<Spanned<f64>>,
    required_tags: Option<Vec<String>>,
    stale_after_days: Option<Spanned<u32>>,
    levels: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(rename = "override")]
    overrides: Vec<Spanned<OverrideFile>>,
    link: Vec<Spanned<LinkFile>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OverrideFile {
    #[serde(rename = "match")]
    matches: Spanned<Match>,
    #[serde(default)]
    levels: BTreeMap<Spanned<String>, Spanned<String>>,
    budget_usd: Option<Spanned<f64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkFile {
    #[serde(rename = "match")]
    matches: Spanned<Match>,
    workload: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WaiverFile {
    rule: Spanned<String>,
    #[serde(rename = "match")]
    matches: Spanned<Match>,
    reason: Spanned<String>,
    owner: Spanned<String>,
    expires: Spanned<Datetime>,
}

impl Default for CheckSettings {
    fn default() -> Self {
        let zero = Floor { usd: Decimal::ZERO, percent: Decimal::ZERO };
        let bare = Self {
            levels: BTreeMap::new(),
            overrides: Vec::new(),
            command_line: BTreeMap::new(),
            floor: zero,
            cost_increase: zero,
            required_tags: Vec::new(),
            stale_after_days: 0,
            links: Vec::new(),
            waivers: Vec::new(),
            paid: Decimal::ONE,
        };
        bare.overlaid("default.toml", DEFAULT_TOML).expect("a test reads the embedded defaults")
    }
}

impl CheckSettings {
    /// The defaults with what `text` changes. `file` is its name in messages.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, SettingsError> {
        Self::default().overlaid(file, text)
    }

    /// The same with levels from the command line, which hold for every template.
    #[must_use]
    pub fn with_command_line(mut self, levels: impl IntoIterator<Item = (Rule, Level)>) -> Self {
        self.command_line.extend(levels);
        self
    }

    /// The same with prices less a discount.
    #[must_use]
    pub fn with_discount(self, discount: Discount) -> Self {
        Self { paid: discount.factor(), ..self }
    }

    /// The same for paths from `here`, a folder below that of the settings, whose patterns are from there.
    #[must_use]
    pub fn from_below(mut self, here: &str) -> Self {
        let overrides = self.overrides.iter_mut().map(|o| &mut o.matches);
        let links = self.links.iter_mut().map(|link| &mut link.matches);
        let waivers = self.waivers.iter_mut().map(|waiver| &mut waiver.matches);
        for matches in overrides.chain(links).chain(waivers) {
            matches.be_above(here);
        }
        self
    }

    /// The level of a rule for a template (or for what concerns none): the command line's, else that of the
    /// last override that matches and has one, else the config's, else the rule's own.
    pub fn level(&self, rule: Rule, matches: impl Fn(&Match) -> bool) -> Level {
        let overridden =
            || self.overrides.iter().rev().filter(|o| matches(&o.matches)).find_map(|o| o.levels.get(&rule));
        self.command_line
            .get(&rule)
            .or_else(overridden)
            .or_else(|| self.levels.get(&rule))
            .copied()
            .unwrap_or_else(|| rule.default_level())
    }

    /// What a template may cost a month; absent: no budget is set.
    pub fn budget(&self, matches: impl Fn(&Match) -> bool) -> Option<Decimal> {
        let of = |o: &LevelOverride| o.budget.filter(|_| matches(&o.matches));
        self.overrides.iter().rev().find_map(of)
    }

    fn overlaid(mut self, file: &str, text: &str) -> Result<Self, SettingsError> {
        let source = Source { file, text };
        let read: File = toml::from_str(text).map_err(|error| SettingsError {
            place: error.span().map_or_else(|| file.to_owned(), |span| source.place(&span)),
            cause: error.message().to_owned(),
        })?;
        let File { check, waiver } = read;
        for (target, value, most) in [
            (&mut self.floor.usd, check.floor_usd, 1_000_000),
            (&mut self.floor.percent, check.floor_percent, 10_000),
            (&mut self.cost_increase.usd, check.cost_increase_usd, 1_000_000),
            (&mut self.cost_increase.percent, check.cost_increase_percent, 10_000),
        ] {
            if let Some(value) = value {
                *target = source.amount(&value, most)?;
            }
        }
        if let Some(budget) = check.budget_usd {
            let budget = Some(source.amount(&budget, 1_000_000_000)?);
            // The least particular of all: any override after it comes first.
            self.overrides.push(LevelOverride { matches: Match::default(), levels: BTreeMap::new(), budget });
        }
        if let Some(days) = check.stale_after_days {
            if *days.get_ref() == 0 {
                return Err(source.refuse(&days.span(), "check.stale_after_days must be at least 1"));
            }
            self.stale_after_days = days.into_inner();
        }
        self.required_tags = check.required_tags.unwrap_or(self.required_tags);
        self.levels.extend(source.levels(&check.levels)?);
        for written in check.overrides {
            let span = written.span();
            let OverrideFile { matches, levels, budget_usd } = written.into_inner();
            let budget = budget_usd.map(|usd| source.amount(&usd, 1_000_000_000)).transpose()?;
            if levels.is_empty() && budget.is_none() {
                return Err(source.refuse(&span, "this override sets nothing; give levels or budget_usd"));
            }
            let levels = source.levels(&levels)?;
            self.overrides.push(LevelOverride { matches: source.matches(matches)?, levels, budget });
        }
        for written in check.link {
            let LinkFile { matches, workload } = written.into_inner();
            if workload.get_ref().trim().is_empty() {
                return Err(source.refuse(&workload.span(), "a link must name a workload; `*` fits any"));
            }
            self.links.push(Link { matches: source.matches(matches)?, workload: workload.into_inner() });
        }
        for written in waiver {
            self.waivers.push(source.waiver(written)?);
        }
        Ok(self)
    }
}

/// A text and its name, to say where in it something is.
#[derive(Clone, Copy)]
struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn place(self, span: &Range<usize>) -> String {
        let before = self.text.as_bytes().iter().take(span.start);
        format!("{}:{}", self.file, before.filter(|byte| **byte == b'\n').count() + 1)
    }

    fn refuse(self, span: &Range<usize>, cause: impl Into<String>) -> SettingsError {
        SettingsError { place: self.place(span), cause: cause.into() }
    }

    fn amount(self, value: &Spanned<f64>, most: u32) -> Result<Decimal, SettingsError> {
        // What TOML can hold but a decimal cannot (nan, inf, 1e300) is out of range all the same.
        Decimal::try_from(*value.get_ref())
            .ok()
            .filter(|amount| (Decimal::ZERO..=Decimal::from(most)).contains(amount))
            .ok_or_else(|| {
                let cause = format!("must be between 0 and {most}, not {}", value.get_ref());
                self.refuse(&value.span(), cause)
            })
    }

    fn rule(self, name: &Spanned<String>) -> Result<Rule, SettingsError> {
        Rule::named(name.get_ref())
            .ok_or_else(|| self.refuse(&name.span(), UnknownRule(name.get_ref().clone()).to_string()))
    }

    fn levels(
        self,
        written: &BTreeMap<Spanned<String>, Spanned<String>>,
    ) -> Result<BTreeMap<Rule, Level>, SettingsError> {
        let level = |text: &Spanned<String>| {
            Level::named(text.get_ref()).ok_or_else(|| {
                let cause = format!("{:?} is no level; choose allow, warn or deny", text.get_ref());
                self.refuse(&text.span(), cause)
            })
        };
        written.iter().map(|(name, text)| Ok((self.rule(name)?, level(text)?))).collect()
    }

    fn matches(self, written: Spanned<Match>) -> Result<Match, SettingsError> {
        if *written.get_ref() == Match::default() {
            return Err(self.refuse(&written.span(), "match must name something"));
        }
        if written.get_ref().has_empty_pattern() {
            return Err(
                self.refuse(&written.span(), "an empty pattern in match fits nothing; `*` fits everything")
            );
        }
        Ok(written.into_inner())
    }

    fn waiver(self, written: Spanned<WaiverFile>) -> Result<Waiver, SettingsError> {
        let place = self.place(&written.span());
        let WaiverFile { rule, matches, reason, owner, expires } = written.into_inner();
        for (text, key) in [(&reason, "reason"), (&owner, "owner")] {
            if text.get_ref().trim().is_empty() {
                return Err(self.refuse(&text.span(), format!("a waiver's {key} must say something")));
            }
        }
        let date = expires.get_ref().date.filter(|_| expires.get_ref().time.is_none());
        let expires = date
            .and_then(|d| {
                Date::new(i16::try_from(d.year).ok()?, i8::try_from(d.month).ok()?, i8::try_from(d.day).ok()?)
                    .ok()
            })
            .ok_or_else(|| self.refuse(&expires.span(), "expires must be a date, such as 2027-03-31"))?;
        Ok(Waiver {
            rule: self.rule(&rule)?,
            matches: self.matches(matches)?,
            reason: reason.into_inner(),
            owner: owner.into_inner(),
            expires,
            place,
        })
    }
}

/// A name that no rule has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no rule; the rules are {rules}", rules = Rule::ALL.map(Rule::as_str).join(", "))]
pub struct UnknownRule(pub String);
