//! [`plan`]: from wishes to edits.
//!
//! A literal may be what several settings of several tasks say: through a parameter, a variable, an anchor. It is
//! edited only where all of them want the same of it, those of tasks without a wish included: these want what
//! they have. A task is edited whole or not at all.

use std::collections::BTreeMap;

use super::{
    Edit, Repository, TaskId, Wish,
    literal::rewritten,
    slot::{Said, Slot, slots},
};
use crate::template::{Constraint, Place, TaskTemplate, TemplateFile, TemplateKind};

/// What is to be done, and what cannot be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Sorted; none overlaps another.
    pub edits: Vec<Edit>,
    /// Why a task is not edited, and what to do by hand.
    pub refused: BTreeMap<TaskId, String>,
}

/// A setting that a literal says, and what it would have the literal be.
struct User<'a> {
    task: TaskId,
    name: &'a str,
    what: String,
    /// The literal as it would have it, and as it has it.
    wanted: String,
    kept: String,
    wants: u32,
    has: u32,
}

pub fn plan(repository: &Repository, files: &[TemplateFile], wishes: &[Wish]) -> Plan {
    let wish_of: BTreeMap<TaskId, &Wish> = wishes.iter().map(|wish| (wish.task, wish)).collect();
    let mut refused = BTreeMap::new();
    let mut users: BTreeMap<&Place, Vec<User<'_>>> = BTreeMap::new();
    for (id, task) in tasks(files) {
        let wish = wish_of.get(&id).copied();
        if wish.is_some() && task.kind == TemplateKind::TerraformPlan {
            let why = "a plan is made of other files; name those instead".to_owned();
            refused.insert(id, why);
            continue;
        }
        for slot in slots(task, wish) {
            match user(repository, id, task, &slot) {
                Ok(Some((at, user))) => users.entry(at).or_default().push(user),
                Ok(None) => {}
                Err(why) => {
                    if wish.is_some() {
                        refused.entry(id).or_insert(why);
                    }
                }
            }
        }
    }
    // What the files themselves forbid is not written, whoever wants it.
    let constraints: Vec<&Constraint> = files.iter().flat_map(|file| &file.constraints).collect();
    for (place, users) in &users {
        let changing: Vec<_> = users.iter().filter(|user| user.wanted != user.kept).collect();
        if changing.is_empty() {
            continue;
        }
        let held: Vec<_> = constraints.iter().filter(|constraint| constraint.is_on(place)).collect();
        for user in changing {
            let value = user.wanted.trim_matches(['"', '\'', '\\']);
            if let Some(why) = held.iter().find_map(|constraint| constraint.forbids(value)) {
                refused.entry(user.task).or_insert_with(|| {
                    format!("{} should be {}, but {why}; change both by hand", user.what, user.wants)
                });
            }
        }
    }
    // Whom one conflict takes out may be what another was about.
    while let Some((task, why)) = conflict(&users, &wish_of, &refused) {
        refused.insert(task, why);
    }
    let is_active = |user: &User<'_>| wish_of.contains_key(&user.task) && !refused.contains_key(&user.task);
    let edits = users.iter().filter_map(|(place, users)| {
        let user = users.iter().find(|user| is_active(user) && user.wanted != user.kept)?;
        Some(Edit { path: place.path.clone(), span: place.span, replacement: user.wanted.clone() })
    });
    let mut edits: Vec<Edit> = edits.collect();
    edits.sort();
    Plan { edits, refused }
}

/// All task templates.
pub fn tasks(files: &[TemplateFile]) -> impl Iterator<Item = (TaskId, &TaskTemplate)> {
    files.iter().enumerate().flat_map(|(file, found)| {
        found.tasks.iter().enumerate().map(move |(task, template)| (TaskId { file, task }, template))
    })
}

/// Who wants what of which literal; nothing where nothing is said and nothing is wanted.
fn user<'a>(
    repository: &Repository,
    id: TaskId,
    task: &'a TaskTemplate,
    slot: &Slot<'a>,
) -> Result<Option<(&'a Place, User<'a>)>, String> {
    let what = &slot.what;
    let (value, at) = match slot.said {
        Said::Known { value, at } if !at.is_nowhere() => (value, at),
        // What a tool takes by default is nothing to edit, and stays where it is what is wanted.
        Said::Known { value, .. } if slot.wanted == Some(value) => return Ok(None),
        Said::Known { .. } | Said::Nothing => {
            return match slot.wanted {
                Some(wanted) => Err(format!("{what} is not there; put {wanted} in by hand")),
                None => Ok(None),
            };
        }
        Said::Unresolved { why, at } => {
            return match slot.wanted {
                Some(wanted) => {
                    Err(format!("{what} at {} is not known: {why}; it should be {wanted}", shown(at)))
                }
                None => Ok(None),
            };
        }
    };
    let Some(wanted) = slot.wanted else {
        return Err(format!("{what} at {} should go; take it out by hand", shown(at)));
    };
    let Some(text) = repository.text(&at.path) else {
        return Err(format!(
            "{what} is defined at {}, which is not among the files named; it should be {wanted}",
            shown(at)
        ));
    };
    let written = text.get(at.span.start..at.span.end).unwrap_or_default();
    let literal = |to| rewritten(written, value, to, slot.measure);
    let (Some(kept), Some(becomes)) = (literal(value), literal(wanted)) else {
        let first_line = written.lines().next().unwrap_or_default();
        let excerpt: String = first_line.chars().take(60).collect();
        return Err(format!(
            "{what} at {} is `{excerpt}`, not a plain value; change what gives it to {wanted}",
            shown(at)
        ));
    };
    let user = User {
        task: id,
        name: &task.name,
        what: slot.what.clone(),
        wanted: becomes,
        kept,
        wants: wanted,
        has: value,
    };
    Ok(Some((at, user)))
}

/// A task that cannot have what it wants, if there is one, and why.
fn conflict(
    users: &BTreeMap<&Place, Vec<User<'_>>>,
    wish_of: &BTreeMap<TaskId, &Wish>,
    refused: &BTreeMap<TaskId, String>,
) -> Option<(TaskId, String)> {
    let is_active = |user: &User<'_>| wish_of.contains_key(&user.task) && !refused.contains_key(&user.task);
    let wants = |user: &User<'_>| if is_active(user) { user.wants } else { user.has };
    let literal = |user: &User<'_>| if is_active(user) { user.wanted.clone() } else { user.kept.clone() };
    for (place, users) in users {
        for user in users.iter().filter(|user| is_active(user) && user.wanted != user.kept) {
            if let Some(other) = users.iter().find(|other| literal(other) != user.wanted) {
                let verb = if is_active(other) && other.wants != other.has { "should be" } else { "stays" };
                let whose =
                    if other.task == user.task { String::new() } else { format!(" of {}", other.name) };
                let why = format!(
                    "{} should be {}, but what is written at {} is {}{whose}, too, which {verb} {}; give each a value \
                     of its own",
                    user.what,
                    user.wants,
                    shown(place),
                    other.what,
                    wants(other),
                );
                return Some((user.task, why));
            }
        }
    }
    None
}

fn shown(place: &Place) -> String {
    format!("{}:{}", place.path.display(), place.line)
}
