//! [`Tally`]: how many tasks a template's services ask for.
//!
//! Takes the services of a template, and those of the same template elsewhere: on the other side of a change. A
//! number that a service does not say is that of the same service there, so that what nobody knows cannot pass
//! for a change.

use super::{link::last_part, purchase};
use crate::template::ServiceTemplate;

/// The desired counts of services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Of each service, in sequence; `None` where nothing says it.
    pub each: Vec<Option<u32>>,
    /// Whether some are those of the other side.
    pub borrowed: bool,
}

impl Tally {
    /// What `own` say, else what the first of `lenders` says that does.
    pub fn of(own: &[ServiceTemplate], lenders: &[&[ServiceTemplate]]) -> Self {
        let count = |service: &ServiceTemplate| service.desired_count.known().copied();
        let mut each: Vec<Option<u32>> = own.iter().map(count).collect();
        let mut borrowed = false;
        for lender in lenders {
            for (own, met) in each.iter_mut().zip(pairs(own, lender)).filter(|(own, _)| own.is_none()) {
                *own = met.and_then(|met| count(&lender[met]));
                borrowed |= own.is_some();
            }
        }
        Self { each, borrowed }
    }

    /// Of all together; `None` where there are none, or not all are known.
    pub fn sum(&self) -> Option<u32> {
        let all: Option<Vec<u32>> = self.each.iter().copied().collect();
        all.filter(|all| !all.is_empty()).map(|all| all.into_iter().fold(0, u32::saturating_add))
    }
}

/// Whether two sides ask for the same as far as they tell: one task may then stand for those of either.
pub fn are_alike(now: &[ServiceTemplate], before: &[ServiceTemplate]) -> bool {
    let same = |(now, met): (&ServiceTemplate, Option<usize>)| {
        met.map(|met| &before[met]).is_some_and(|before| {
            let has_base = purchase::depends_on_tasks(now) || purchase::depends_on_tasks(before);
            now.desired_count.known() == before.desired_count.known()
                && (!has_base || purchase::are_alike(now, before))
        })
    };
    now.is_empty()
        || before.is_empty()
        || (now.len() == before.len() && now.iter().zip(pairs(now, before)).all(same))
}

/// The services of `now` that are not in `before` and that none of the services `running` is. None where what was
/// there before cannot be told apart from them.
pub fn added<'a>(
    now: &'a [ServiceTemplate],
    before: &[ServiceTemplate],
    running: &[&str],
) -> Vec<&'a ServiceTemplate> {
    let met = pairs(now, before);
    if before.is_empty() || met.iter().flatten().count() < before.len() {
        return Vec::new();
    }
    let name = |service: &'a ServiceTemplate| service.name.known().map(|name| last_part(name));
    // One without a name may be any that runs under a name that the template does not say.
    let all_are_named =
        running.iter().all(|running| now.iter().any(|service| name(service) == Some(running)));
    let is_new = |service: &&ServiceTemplate| {
        service.name.known().map_or(all_are_named, |name| !running.contains(&last_part(name)))
    };
    now.iter().zip(met).filter(|(_, met)| met.is_none()).map(|(service, _)| service).filter(is_new).collect()
}

/// Which service of `others` each of `own` is: that of the same name; those without such a one in sequence, where
/// there are as many on both sides.
pub fn pairs(own: &[ServiceTemplate], others: &[ServiceTemplate]) -> Vec<Option<usize>> {
    let mut free: Vec<usize> = (0..others.len()).collect();
    let mut met: Vec<Option<usize>> = own
        .iter()
        .map(|service| {
            let name = service.name.known()?;
            let at = free.iter().position(|other| others[*other].name.known() == Some(name))?;
            Some(free.remove(at))
        })
        .collect();
    let left: Vec<&mut Option<usize>> = met.iter_mut().filter(|met| met.is_none()).collect();
    if left.len() == free.len() {
        for (own, other) in left.into_iter().zip(free) {
            *own = Some(other);
        }
    }
    met
}
