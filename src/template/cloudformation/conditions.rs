//! Conditions of a template, as far as it tells.

use super::{
    super::{document::Node, resolve::shown},
    intrinsics::{Template, intrinsic},
};

impl Template<'_> {
    /// Whether the condition of this name holds, or why that is not known.
    pub fn condition(&self, name: &str) -> Result<bool, String> {
        if let Some(decided) = self.decided.borrow().get(name) {
            return decided.clone();
        }
        let label = shown(name);
        let Some(node) = self.look_up(self.conditions, name) else {
            return Err(format!("there is no condition {label}"));
        };
        // Whoever asks again while this is being decided goes round in a circle.
        let circle = Err(format!("condition {label} depends on itself"));
        self.decided.borrow_mut().insert(name.to_owned(), circle);
        let decided = self
            .step(|| self.holds(node))
            .unwrap_or_else(|| Err("conditions refer to each other too deeply".to_owned()))
            .map_err(|why| format!("condition {label} is not known: {why}"));
        self.decided.borrow_mut().insert(name.to_owned(), decided.clone());
        decided
    }

    fn holds(&self, node: &Node) -> Result<bool, String> {
        if let [only] = node.entries()
            && only.key == "Condition"
        {
            return only.value.as_str().map_or_else(|| Err(unnamed()), |name| self.condition(name));
        }
        let Some((name, argument)) = intrinsic(node) else { return Err(unnamed()) };
        match &*name {
            "Condition" => argument.as_str().map_or_else(|| Err(unnamed()), |name| self.condition(name)),
            "Fn::Equals" => match argument.items() {
                [left, right] => Ok(self.text(left)? == self.text(right)?),
                _ => Err("Fn::Equals needs two values".to_owned()),
            },
            "Fn::Not" => match argument.items() {
                [only] => Ok(!self.inner(only)?),
                _ => Err("Fn::Not needs one condition".to_owned()),
            },
            "Fn::And" => self.decide(argument.items(), false),
            "Fn::Or" => self.decide(argument.items(), true),
            name => Err(format!("{} is no condition", shown(name))),
        }
    }

    fn inner(&self, node: &Node) -> Result<bool, String> {
        self.step(|| self.holds(node)).unwrap_or_else(|| Err("conditions are nested too deeply".to_owned()))
    }

    /// `decisive` where one of them is so, whatever the others are.
    fn decide(&self, conditions: &[Node], decisive: bool) -> Result<bool, String> {
        let mut unknown = None;
        for condition in conditions {
            match self.inner(condition) {
                Ok(holds) if holds == decisive => return Ok(decisive),
                Ok(_) => {}
                Err(why) => unknown = unknown.or(Some(why)),
            }
        }
        unknown.map_or(Ok(!decisive), Err)
    }
}

fn unnamed() -> String {
    "it is written in a way that is not known".to_owned()
}
