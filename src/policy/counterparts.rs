//! [`Counterparts`]: which template of the base is which of now.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::Path,
};

use super::{Case, subject::Base};
use crate::template::{TaskTemplate, TemplateKind};

/// Which template of the base is which of now.
#[derive(Debug, Default)]
pub struct Counterparts<'a> {
    /// By the index of the template of now: that of the base's.
    pub of_task: Vec<Option<usize>>,
    /// Files of the base that could not be read and are no more, so that their templates may be anywhere.
    lost: Option<&'a Path>,
}

impl<'a> Counterparts<'a> {
    /// That of the same file and name, else, since files are renamed, that of the same family, or of the same name
    /// alone, else what alone is left of the same file. None is that of two: a copy is new.
    pub fn of(case: &Case<'a>) -> Self {
        type Key<'k> = (Option<&'k Path>, Option<TemplateKind>, &'k str);
        let Some(base) = case.base else { return Self::default() };
        let by_place = |task: &'a TaskTemplate| -> Option<Key<'a>> {
            Some((Some(task.at.path.as_path()), Some(task.kind), task.name.as_str()))
        };
        let by_family = |task: &'a TaskTemplate| -> Option<Key<'a>> {
            task.family.known().map(|family| (None, None, family.as_str()))
        };
        let by_name =
            |task: &'a TaskTemplate| -> Option<Key<'a>> { Some((None, Some(task.kind), task.name.as_str())) };
        let mut of_task = vec![None; case.tasks.len()];
        let mut is_free = vec![true; base.len()];
        let keys: [&dyn Fn(&'a TaskTemplate) -> Option<Key<'a>>; 3] = [&by_place, &by_family, &by_name];
        for key in keys {
            let mut free: BTreeMap<Key<'_>, VecDeque<usize>> = BTreeMap::new();
            for (index, task) in base.iter().enumerate().filter(|(index, _)| is_free[*index]) {
                if let Some(key) = key(task) {
                    free.entry(key).or_default().push_back(index);
                }
            }
            for (task, own) in case.tasks.iter().zip(&mut of_task).filter(|(_, own)| own.is_none()) {
                *own = key(task).and_then(|key| free.get_mut(&key)?.pop_front());
                if let Some(index) = *own {
                    is_free[index] = false;
                }
            }
        }
        pair_the_last_of_each_file(case.tasks, base, &mut of_task);
        let there: BTreeSet<&Path> =
            case.tasks.iter().map(|task| task.at.path.as_path()).chain(case.unread.iter().copied()).collect();
        let lost = case.base_unread.iter().copied().find(|path| !there.contains(path));
        Self { of_task, lost }
    }

    pub fn base(&self, case: &Case<'a>, index: usize) -> Base<'a> {
        let Some(base) = case.base else { return Base::Unknown };
        if let Some(was) = self.of_task.get(index).copied().flatten() {
            return Base::Was(base[was]);
        }
        let path = case.tasks[index].at.path.as_path();
        case.base_unread
            .iter()
            .copied()
            .find(|unread| *unread == path)
            .or(self.lost)
            .map_or(Base::New, Base::Unread)
    }
}

/// Of a file and kind of which one template is left on either side, that is the same one under another name.
fn pair_the_last_of_each_file(
    tasks: &[&TaskTemplate],
    base: &[&TaskTemplate],
    of_task: &mut [Option<usize>],
) {
    let met: BTreeSet<usize> = of_task.iter().copied().flatten().collect();
    let mut left: BTreeMap<(&Path, TemplateKind), [Vec<usize>; 2]> = BTreeMap::new();
    for (index, task) in base.iter().enumerate().filter(|(index, _)| !met.contains(index)) {
        left.entry((task.at.path.as_path(), task.kind)).or_default()[0].push(index);
    }
    for (index, task) in tasks.iter().enumerate().filter(|(index, _)| of_task[*index].is_none()) {
        left.entry((task.at.path.as_path(), task.kind)).or_default()[1].push(index);
    }
    for [was, is] in left.into_values() {
        if let ([was], [is]) = (was.as_slice(), is.as_slice()) {
            of_task[*is] = Some(*was);
        }
    }
}
