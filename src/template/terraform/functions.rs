//! Terraform's functions, as far as sizes and names are made with them.

use std::collections::BTreeMap;

use hcl_edit::expr::FuncCall;
use rust_decimal::Decimal;

use super::{
    encoded,
    environment::{Environment, member, shown},
    value::{FileSpan, Kind, List, Map, Value, Why},
};

/// What a call gives.
pub fn call(environment: &Environment<'_, '_>, call: &FuncCall, at: FileSpan) -> Value {
    let new = |kind| Value::new(kind, at);
    if call.name.is_namespaced() {
        return Value::unknown(
            format!("{} is a function of a provider", shown(&environment.source.text.text, at)),
            at,
        );
    }
    let name = call.name.name.as_str();
    match name {
        // The first that Terraform does not refuse; the others are not looked at.
        "try" => {
            for argument in &call.args {
                let value = environment.evaluate(argument);
                if !matches!(value.kind, Kind::Refused(_)) {
                    return value;
                }
            }
            return Value::unknown("try finds nothing that is right", at);
        }
        "file" | "filebase64" | "templatefile" | "fileexists" | "fileset" => {
            return Value::unknown(format!("{name} reads a file when it is planned"), at);
        }
        _ => {}
    }
    let mut arguments: Vec<Value> = call.args.iter().map(|argument| environment.evaluate(argument)).collect();
    if call.args.expand_final()
        && let Some(last) = arguments.pop()
    {
        match last.as_list() {
            Ok(items) => arguments.extend(items.iter().cloned()),
            Err(why) => return Value::unknown(why, at),
        }
    }
    // A function looks through what it is given.
    let looked_through = arguments.iter().map(|argument| match &argument.kind {
        Kind::List(list) => list.items.len(),
        Kind::Map(map) => map.entries.len(),
        _ => 0,
    });
    if let Err(why) = environment.module.spend(looked_through.sum()) {
        return Value::unknown(why, at);
    }
    match (name, &arguments[..]) {
        // Whose first argument, as written, is what they give.
        ("tostring" | "tonumber" | "tobool", [value]) => match &value.kind {
            Kind::List(_) | Kind::Map(_) => {
                Value::unknown(format!("{name} is given {}", value.kind.name()), at)
            }
            _ => value.clone(),
        },
        ("tolist" | "tomap" | "sensitive" | "nonsensitive" | "trimspace" | "abspath", [value]) => {
            value.clone()
        }
        ("toset" | "distinct", [value]) => distinct(value, at),
        ("coalesce", values) => coalesce(values, at),
        ("lookup", [map, key]) => lookup(map, key, None, at),
        ("lookup", [map, key, default]) => lookup(map, key, Some(default), at),
        ("element", [list, index]) => element(list, index, at),
        ("one", [list]) => match list.as_list() {
            Ok([]) => new(Kind::Null),
            Ok([only]) => only.clone(),
            Ok(_) => Value::unknown("one is given more than one", at),
            Err(why) => Value::unknown(why, at),
        },
        ("max" | "min" | "format", [only]) => only.clone(),
        _ => match put_together(environment, name, &arguments) {
            Some(kind) => new(kind.unwrap_or_else(Kind::Unknown).shallow()),
            None => Value::unknown(format!("what {name} gives is known when it is planned"), at),
        },
    }
}

/// What no literal says; nothing for a function that is not known here.
fn put_together(
    environment: &Environment<'_, '_>,
    name: &str,
    arguments: &[Value],
) -> Option<Result<Kind, Why>> {
    let texts =
        |values: &[Value]| values.iter().map(|value| value.as_text()).collect::<Result<Vec<_>, Why>>();
    let one_text = |change: fn(&str) -> Kind| match arguments {
        [text] => Some(text.as_text().and_then(|text| {
            environment.module.spend(text.len() / 16)?;
            Ok(change(&text))
        })),
        _ => None,
    };
    let numbers = || arguments.iter().map(|value| value.as_number()).collect::<Result<Vec<_>, Why>>();
    Some(match (name, arguments) {
        ("jsonencode", [value]) => Ok(Kind::Json(value.clone().into())),
        ("jsondecode", [value]) => {
            let super::value::Spot::Here(at) = value.at else {
                return Some(Err(Why::from("jsondecode is given a parameter")));
            };
            // Two bytes of JSON may be a value.
            if let Kind::Text(text) = &value.kind
                && let Err(why) = environment.module.spend(text.content.len() / 2)
            {
                return Some(Err(why));
            }
            match encoded::value_in(value, at) {
                Ok((value, _)) => Ok(value.kind),
                Err(Ok(defect)) => Err(Why::from(defect.message)),
                Err(Err(why)) => Err(why),
            }
        }
        ("merge", maps) => Ok(merge(maps)),
        ("concat", lists) => Ok(concat(lists)),
        ("flatten", [list]) => match &list.kind {
            Kind::List(list) => {
                let mut items = Vec::new();
                let mut open = list.open.clone();
                flatten(environment, list, &mut items, &mut open).map(|()| Kind::list(items, open))
            }
            _ => list.as_list().map(|_| Kind::Null),
        },
        ("compact", [list]) => list.as_list().and_then(|items| {
            let mut kept = Vec::new();
            for item in items {
                if !item.is_null() && !item.as_text()?.is_empty() {
                    kept.push(item.clone());
                }
            }
            Ok(Kind::list(kept, None))
        }),
        ("keys", [map]) => map_of(map).map(|map| {
            let mut keys: Vec<&str> = map.entries.iter().map(|(key, _)| key.as_str()).collect();
            keys.sort_unstable();
            let at = here(&arguments[0]);
            Kind::list(
                keys.into_iter().map(|key| Value::new(Kind::text(key), at)).collect(),
                map.open.clone(),
            )
        }),
        ("values", [map]) => map_of(map).map(|map| {
            let mut entries: Vec<&(String, Value)> = map.entries.iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Kind::list(entries.into_iter().map(|(_, value)| value.clone()).collect(), map.open.clone())
        }),
        ("length", [value]) => match &value.kind {
            Kind::List(_) => value.as_list().map(|items| Kind::Number(Decimal::from(items.len()))),
            Kind::Map(Map { open: Some(why), .. }) => Err(Why::clone(why)),
            Kind::Map(map) => Ok(Kind::Number(Decimal::from(map.entries.len()))),
            _ => return one_text(|text| Kind::Number(Decimal::from(text.chars().count()))),
        },
        ("contains", [list, wanted]) => list.as_list().and_then(|items| {
            let wanted = wanted.as_text()?;
            for item in items {
                if item.as_text()? == wanted {
                    return Ok(Kind::Bool(true));
                }
            }
            Ok(Kind::Bool(false))
        }),
        ("join", [separator, list]) => {
            let joined = || texts(list.as_list()?).map(|texts| (texts, separator.as_text()));
            joined().and_then(|(texts, separator)| {
                let separator = separator?;
                let between = texts.len().saturating_mul(separator.len() + 1);
                let length = texts.iter().map(|text| text.len()).sum::<usize>().saturating_add(between);
                environment.module.spend(length / 16)?;
                Ok(Kind::text(texts.join(&*separator)))
            })
        }
        ("split", [separator, text]) => match (separator.as_text(), text.as_text()) {
            (Ok(separator), Ok(text)) => environment.module.spend(text.len()).map(|()| {
                let at = here(&arguments[1]);
                let parts = text.split(&*separator).map(|part| Value::new(Kind::text(part), at));
                Kind::list(parts.collect(), None)
            }),
            (Err(why), _) | (_, Err(why)) => Err(why),
        },
        ("replace", [text, from, to]) => texts(&[text.clone(), from.clone(), to.clone()]).and_then(|texts| {
            let [text, from, to] = &texts[..] else { return Err(Why::from("replace is given too little")) };
            if from.starts_with('/') && from.ends_with('/') && from.len() > 1 {
                return Err(Why::from("replace with a pattern is not followed"));
            }
            environment.module.spend(text.len().saturating_mul(to.len() + 1) / 16)?;
            Ok(Kind::text(text.replace(&**from, to)))
        }),
        ("format", [pattern, values @ ..]) => {
            pattern.as_text().and_then(|pattern| format(environment, &pattern, values)).map(Kind::text)
        }
        ("lower", _) => return one_text(|text| Kind::text(text.to_lowercase())),
        ("upper", _) => return one_text(|text| Kind::text(text.to_uppercase())),
        ("max", [_, ..]) => {
            numbers().map(|numbers| Kind::Number(numbers.into_iter().max().unwrap_or_default()))
        }
        ("min", [_, ..]) => {
            numbers().map(|numbers| Kind::Number(numbers.into_iter().min().unwrap_or_default()))
        }
        ("ceil", [number]) => number.as_number().map(|number| Kind::Number(number.ceil())),
        ("floor", [number]) => number.as_number().map(|number| Kind::Number(number.floor())),
        ("abs", [number]) => number.as_number().map(|number| Kind::Number(number.abs())),
        ("parseint", [text, base]) => text.as_text().and_then(|text| {
            let ten = base.as_number()? == Decimal::TEN;
            text.parse::<i64>()
                .ok()
                .filter(|_| ten)
                .map(|number| Kind::Number(Decimal::from(number)))
                .ok_or_else(|| Why::from("parseint is given no decimal number"))
        }),
        ("can", [value]) => match &value.kind {
            Kind::Refused(_) => Ok(Kind::Bool(false)),
            Kind::Unknown(why) => Err(Why::clone(why)),
            _ => Ok(Kind::Bool(true)),
        },
        ("startswith", [text, start]) => match (text.as_text(), start.as_text()) {
            (Ok(text), Ok(start)) => Ok(Kind::Bool(text.starts_with(&*start))),
            (Err(why), _) | (_, Err(why)) => Err(why),
        },
        _ => return None,
    })
}

fn here(value: &Value) -> FileSpan {
    match value.at {
        super::value::Spot::Here(at) => at,
        _ => FileSpan { file: 0, span: super::super::Span { start: 0, end: 0 } },
    }
}

fn map_of(value: &Value) -> Result<&Map, Why> {
    match &value.kind {
        Kind::Map(map) => Ok(map),
        Kind::Unknown(why) | Kind::Refused(why) => Err(Why::clone(why)),
        kind => Err(Why::from(format!("{} stands where a map is needed", kind.name()))),
    }
}

/// Of the same key the last. What a map that is not known has, may stand in the place of all before it.
fn merge(maps: &[Value]) -> Kind {
    let mut entries: Vec<(String, Value)> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut open = None;
    for value in maps {
        let before = |entries: &mut Vec<(String, Value)>, why: &Why| {
            for (_, value) in entries {
                value.kind = Kind::Unknown(Why::clone(why));
            }
        };
        match &value.kind {
            Kind::Null => {}
            Kind::Map(map) => {
                if let Some(why) = &map.open {
                    before(&mut entries, why);
                    open = Some(Why::clone(why));
                }
                for (key, value) in map.entries.iter() {
                    match places.get(key.as_str()) {
                        Some(place) => entries[*place].1 = value.clone(),
                        None => {
                            places.insert(key, entries.len());
                            entries.push((key.clone(), value.clone()));
                        }
                    }
                }
            }
            Kind::Unknown(why) | Kind::Refused(why) => {
                before(&mut entries, why);
                open = Some(Why::clone(why));
            }
            kind => return Kind::unknown(format!("merge is given {}", kind.name())),
        }
    }
    Kind::map(entries, open)
}

fn concat(lists: &[Value]) -> Kind {
    let mut items = Vec::new();
    let mut open = None;
    for value in lists {
        match &value.kind {
            Kind::List(list) => {
                items.extend(list.items.iter().cloned());
                open = open.or_else(|| list.open.clone());
            }
            Kind::Unknown(why) | Kind::Refused(why) => open = open.or_else(|| Some(Why::clone(why))),
            kind => return Kind::unknown(format!("concat is given {}", kind.name())),
        }
    }
    Kind::list(items, open)
}

/// Lists are nested no deeper than collections may be; the same one may stand in several places, and in each of those
/// again.
fn flatten(
    environment: &Environment<'_, '_>,
    list: &List,
    items: &mut Vec<Value>,
    open: &mut Option<Why>,
) -> Result<(), Why> {
    environment.module.spend(list.items.len())?;
    for item in list.items.iter() {
        if items.len() > super::value::MAX_ITEMS {
            break;
        }
        match &item.kind {
            Kind::List(inner) => {
                if open.is_none() {
                    open.clone_from(&inner.open);
                }
                flatten(environment, inner, items, open)?;
            }
            Kind::Unknown(why) if open.is_none() => *open = Some(Why::clone(why)),
            Kind::Unknown(_) => {}
            _ => items.push(item.clone()),
        }
    }
    Ok(())
}

fn distinct(value: &Value, at: FileSpan) -> Value {
    let Ok(items) = value.as_list() else { return value.clone() };
    let mut seen = std::collections::BTreeSet::new();
    let mut kept = Vec::new();
    for item in items {
        match item.as_text() {
            Ok(text) => {
                if seen.insert(text) {
                    kept.push(item.clone());
                }
            }
            Err(why) => return Value::unknown(why, at),
        }
    }
    Value { kind: Kind::list(kept, None), ..value.clone() }
}

fn coalesce(values: &[Value], at: FileSpan) -> Value {
    for value in values {
        if value.why().is_some() {
            return value.clone();
        }
        let empty = value.is_null() || value.as_text().is_ok_and(|text| text.is_empty());
        if !empty {
            return value.clone();
        }
    }
    Value::unknown("coalesce finds nothing that is given", at)
}

fn lookup(map: &Value, key: &Value, default: Option<&Value>, at: FileSpan) -> Value {
    match (key.as_text(), &map.kind) {
        (Ok(key), Kind::Map(_)) => match (member(map, &key, at), default) {
            (Value { kind: Kind::Refused(_), .. }, Some(default)) => default.clone(),
            (value, _) => value,
        },
        (Err(why), _) => Value::unknown(why, at),
        (_, Kind::Unknown(_) | Kind::Refused(_)) => map.clone(),
        (_, kind) => Value::unknown(format!("lookup is given {}", kind.name()), at),
    }
}

fn element(list: &Value, index: &Value, at: FileSpan) -> Value {
    let found = || -> Result<Value, Why> {
        let items = list.as_list()?;
        let index: usize =
            index.as_number()?.to_string().parse().map_err(|_| Why::from("the index is no whole number"))?;
        index
            .checked_rem(items.len())
            .and_then(|index| items.get(index))
            .cloned()
            .ok_or_else(|| Why::from("the list is empty"))
    };
    found().unwrap_or_else(|why| Value::unknown(why, at))
}

/// `%s`, `%d`, `%v`, `%q`-less formats; widths and the like are not followed.
fn format(environment: &Environment<'_, '_>, pattern: &str, values: &[Value]) -> Result<String, Why> {
    environment.module.spend(pattern.len() / 16)?;
    let mut formatted = String::new();
    let mut values = values.iter();
    let mut rest = pattern;
    while let Some(start) = rest.find('%') {
        formatted.push_str(&rest[..start]);
        let verb = rest[start + 1..].chars().next().unwrap_or_default();
        match verb {
            '%' => formatted.push('%'),
            's' | 'd' | 'v' => {
                let value = values.next().ok_or_else(|| Why::from("format is given too few values"))?;
                let text = value.as_text()?;
                environment.module.spend(text.len() / 16)?;
                formatted.push_str(&text);
            }
            _ => return Err(Why::from("a format other than %s, %d and %v is not followed")),
        }
        rest = &rest[start + 1 + verb.len_utf8()..];
    }
    formatted.push_str(rest);
    Ok(formatted)
}
