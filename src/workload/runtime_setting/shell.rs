//! [`Shell`]: what a container's command runs, as a POSIX shell would read it.
//!
//! Takes the environment and the words of a command, scripts among them (`sh -c "..."`); gives the [`Process`]es with
//! their words, and the variables as they are in the end. Nothing is run. What only a running shell knows stands as
//! [`UNKNOWN`]: the output of commands, arguments, variables that are set nowhere. Quotes and brackets without an end
//! are left out, and what follows them is read as if they were not there: no text is refused.
//!
//! After the grammar of POSIX, "Shell Command Language". The crates for it fall short here: those that split words
//! know no operators and refuse quotes without an end, those that parse scripts refuse more.

use std::{collections::HashMap, rc::Rc};

use super::{
    here_document::HereDocuments,
    runtime,
    script_line::ScriptLine,
    word::{OF_COMMAND, UNKNOWN, base_name},
};

/// Stands for a blank that quotes keep in its word, until the word is read.
const KEPT_BLANK: char = '\u{2}';
/// Variables that runtimes read themselves, from the environment of their process.
pub const READ_BY_RUNTIMES: [&str; 4] =
    ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "NODE_OPTIONS"];

/// Scripts in scripts that are followed.
const DEEPEST: usize = 4;
/// Characters between brackets that are looked through for the closing one.
const LONGEST_EXPANSION: usize = 2000;
/// Parts of a pipeline that are told apart; those beyond are read with the last.
const MOST_PARTS: usize = 64;
/// Characters that variables may come to in all: they can double with each assignment.
const MOST_EXPANDED: usize = 100_000;
const EXPORTS: [&str; 5] = ["export", "declare", "typeset", "readonly", "local"];

/// Commands that start nothing, whatever their words are.
const ONLY_TELL: [&str; 4] = ["echo", "printf", "cat", ":"];

/// A command that is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub words: Vec<String>,
    /// Those of one lane run one after another, those of several lanes at once.
    pub lane: usize,
    /// What it is given beside the environment of all: `NAME=value command`.
    pub given: Vec<(String, Rc<str>)>,
    /// As it finds them, of [`READ_BY_RUNTIMES`].
    pub inherited: Vec<(String, Rc<str>)>,
}

/// A variable of the environment, or one that a script sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub name: String,
    pub value: Rc<str>,
    /// Whether its value is among the words of a runtime: it goes there, and is read there.
    pub used: bool,
}

#[derive(Debug, Default)]
pub struct Shell {
    pub variables: Vec<Variable>,
    pub processes: Vec<Process>,
    /// Where each stands in `variables`.
    by_name: HashMap<String, usize>,
    lanes: usize,
    expanded: usize,
    /// Those whose value is in the words that are read.
    in_words: Vec<usize>,
}

impl Shell {
    /// Without a value: it is set, and not known to what.
    pub fn new<'a>(environment: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Self {
        let mut shell = Self::default();
        for (name, value) in environment {
            shell.assign(name, value.map_or_else(|| UNKNOWN.to_string().into(), Rc::from));
        }
        // A start script may well evaluate them.
        for index in 0..shell.variables.len() {
            let value = Rc::clone(&shell.variables[index].value);
            shell.variables[index].value = shell.text(&value, 0).into();
        }
        shell.in_words.clear();
        shell
    }

    /// The command of a container: words that reach its first process as they are.
    pub fn run<'a>(&mut self, command: impl IntoIterator<Item = &'a str>) {
        let lane = self.next_lane();
        let words: Vec<&str> = command.into_iter().collect();
        match words.as_slice() {
            // The image has the shell, or something splits it.
            [text] if is_text(text) => self.script(text, lane, 0),
            _ => {
                let word = |word: &&str| if is_text(word) { (*word).to_owned() } else { self.text(word, 0) };
                let words = words.iter().map(word).collect();
                self.command(words, lane, 0);
            }
        }
    }

    fn next_lane(&mut self) -> usize {
        self.lanes += 1;
        self.lanes - 1
    }

    fn assign(&mut self, name: &str, value: Rc<str>) {
        let value = Variable { name: name.to_owned(), value, used: false };
        if let Some(index) = self.by_name.get(name) {
            self.variables[*index] = value;
        } else {
            self.by_name.insert(name.to_owned(), self.variables.len());
            self.variables.push(value);
        }
    }

    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.by_name.get(name).map(|index| &self.variables[*index])
    }

    fn command(&mut self, words: Vec<String>, lane: usize, depth: usize) {
        let in_words = std::mem::take(&mut self.in_words);
        let mut given = Vec::new();
        let mut words = words.into_iter().peekable();
        let exports = |word: &String| EXPORTS.contains(&word.as_str());
        while let Some(word) = words.next_if(|word| assignment(word).is_some() || exports(word)) {
            if exports(&word) {
                given.extend(words.by_ref().filter_map(|word| assigned(&word)));
            }
            given.extend(assigned(&word));
        }
        if words.peek().is_none() {
            for (name, value) in given {
                match name.strip_suffix('+') {
                    Some(name) => {
                        let before = self.variable(name).map_or("", |variable| &*variable.value);
                        let value = format!("{before}{value}");
                        self.assign(name, value.into());
                    }
                    None => self.assign(&name, value),
                }
            }
            return;
        }
        if words.peek().is_some_and(|word| ONLY_TELL.contains(&base_name(word))) {
            return;
        }
        let mut words: Vec<String> = words.collect();
        // Scripts are read by themselves; their place among the words stays.
        let mut scripts = Vec::new();
        for index in 0..words.len() {
            let is_told = index > 0 && takes_script(&words[index - 1]);
            let may_be = !words[index].starts_with('-') && assignment(&words[index]).is_none();
            if depth < DEEPEST && is_text(&words[index]) && (is_told || may_be) {
                scripts.push(std::mem::take(&mut words[index]));
            }
        }
        given.extend(words.iter().filter_map(|word| assigned(word)));
        let inherited = READ_BY_RUNTIMES.iter().filter_map(|name| {
            let given = given.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value);
            let known = self.variable(name).map(|variable| &variable.value);
            Some(((*name).to_owned(), Rc::clone(given.or(known)?)))
        });
        let inherited = inherited.collect();
        if runtime(&words).is_some() {
            for index in in_words {
                self.variables[index].used = true;
            }
        }
        self.processes.push(Process { words, lane, given, inherited });
        for script in scripts {
            self.script(&script, lane, depth + 1);
        }
    }

    fn script(&mut self, script: &str, lane: usize, depth: usize) {
        let text: Vec<char> = script.chars().collect();
        let mut line = ScriptLine::new(lane, self.processes.len());
        let mut documents = HereDocuments::default();
        let mut at = 0;
        while let Some(&c) = text.get(at) {
            let next = text.get(at + 1).copied();
            let mut taken = 1;
            match c {
                '\\' => {
                    if let Some(next) = next.filter(|next| *next != '\n') {
                        line.push(next);
                    }
                    taken = 2;
                }
                '\'' => {
                    if let Some(end) = position(&text, at + 1, '\'') {
                        line.extend(text[at + 1..end].iter().copied());
                        taken = end + 1 - at;
                    }
                }
                '"' => {
                    if let Some(end) = closing_quote(&text, at + 1) {
                        let quoted: String = text[at + 1..end].iter().collect();
                        line.extend(self.text(&quoted, depth).chars());
                        taken = end + 1 - at;
                    }
                }
                '$' | '`' => {
                    let (value, end) = self.expansion(&text, at, depth, false);
                    // The value of an assignment is one word.
                    let whole = line.word.as_deref().is_some_and(|word| assignment(word).is_some());
                    for c in value.chars() {
                        match c {
                            KEPT_BLANK => line.push(' '),
                            c if c.is_whitespace() && !whole => line.end_word(),
                            c => line.push(c),
                        }
                    }
                    taken = end - at;
                }
                '#' if line.word.is_none() => taken = position(&text, at, '\n').unwrap_or(text.len()) - at,
                '<' | '>' => {
                    taken = line.redirect(&text[at..]);
                    if !line.is_of_shell() {
                        documents.announce(&text[at..]);
                    }
                }
                '&' if next == Some('>') => taken = 1 + line.redirect(&text[at + 1..]),
                '&' if next == Some('&') => {
                    self.end_command(&mut line, depth);
                    line.start_pipeline();
                    taken = 2;
                }
                '&' => {
                    self.end_command(&mut line, depth);
                    self.send_to_background(&line);
                    line.start_list(self.processes.len());
                }
                '|' if next == Some('|') => {
                    self.end_command(&mut line, depth);
                    line.start_pipeline();
                    taken = 2;
                }
                '|' if line.in_pattern() => line.drop_pattern(),
                '|' => {
                    self.end_command(&mut line, depth);
                    line.place = (line.last_place + 1).min(MOST_PARTS - 1);
                    line.last_place = line.place;
                    while line.lanes.len() <= line.place {
                        line.lanes.push(self.next_lane());
                    }
                    taken = if next == Some('&') { 2 } else { 1 };
                }
                ';' if matches!(next, Some(';' | '&')) && line.in_case() => {
                    self.end_command(&mut line, depth);
                    line.start_list(self.processes.len());
                    line.start_pattern(&mut self.lanes);
                    taken = 2;
                }
                ';' | '\n' => {
                    self.end_command(&mut line, depth);
                    line.start_list(self.processes.len());
                    if c == '\n' {
                        taken += documents.length(&text[at + 1..]);
                    }
                }
                '(' => {
                    self.end_command(&mut line, depth);
                    line.open(self.processes.len());
                }
                ')' if line.in_pattern() => {
                    line.drop_pattern();
                    line.end_pattern();
                }
                ')' => {
                    self.end_command(&mut line, depth);
                    line.close(&mut self.lanes);
                }
                c if c.is_whitespace() => line.end_word_at(self.processes.len(), &mut self.lanes),
                c => line.push(c),
            }
            at += taken;
        }
        self.end_command(&mut line, depth);
        line.close_all(&mut self.lanes);
    }

    fn end_command(&mut self, line: &mut ScriptLine, depth: usize) {
        line.end_word_at(self.processes.len(), &mut self.lanes);
        line.drop_next = false;
        let words = std::mem::take(&mut line.words);
        if !words.is_empty() {
            self.command(words, line.lanes[line.place], depth);
        }
    }

    /// What the list has started runs on beside all that follows.
    fn send_to_background(&mut self, line: &ScriptLine) {
        let mut moved: Vec<(usize, usize)> = Vec::new();
        for index in line.list..self.processes.len() {
            let lane = self.processes[index].lane;
            if line.lanes.contains(&lane) {
                let known = moved.iter().find(|(from, _)| *from == lane).map(|(_, to)| *to);
                let to = known.unwrap_or_else(|| {
                    let to = self.next_lane();
                    moved.push((lane, to));
                    to
                });
                self.processes[index].lane = to;
            }
        }
    }

    /// A text with its variables replaced; quotes stay.
    fn text(&mut self, text: &str, depth: usize) -> String {
        if !text.contains(['$', '`', '\\']) {
            return text.to_owned();
        }
        let text: Vec<char> = text.chars().collect();
        let mut read = String::new();
        let mut at = 0;
        while let Some(&c) = text.get(at) {
            match (c, text.get(at + 1)) {
                ('\\', Some(escaped @ ('"' | '\\' | '$' | '`'))) => {
                    read.push(*escaped);
                    at += 2;
                }
                ('\\', Some('\n')) => at += 2,
                ('$' | '`', _) => {
                    let (value, end) = self.expansion(&text, at, depth, true);
                    read.push_str(&value);
                    at = end;
                }
                _ => {
                    read.push(c);
                    at += 1;
                }
            }
        }
        read
    }

    /// What `${VARIABLE:-...}` gives instead: without its quotes, and with [`KEPT_BLANK`] for the blanks between them.
    /// In a text that is quoted itself no blank ends a word, and `'` is a character like any other.
    fn alternative(&mut self, text: &str, depth: usize, quoted: bool) -> String {
        let keep = |c: char| if c.is_whitespace() && !quoted { KEPT_BLANK } else { c };
        let text: Vec<char> = text.chars().collect();
        let mut read = String::new();
        let mut in_quotes = false;
        let mut at = 0;
        while let Some(&c) = text.get(at) {
            let next = text.get(at + 1).copied();
            let mut taken = 1;
            match c {
                '\\' if !(quoted || in_quotes) || matches!(next, Some('"' | '\\' | '$' | '`' | '\n')) => {
                    read.extend(next.filter(|next| *next != '\n').map(keep));
                    taken = 2;
                }
                '"' => in_quotes = !in_quotes,
                '\'' if !quoted && !in_quotes => {
                    if let Some(end) = position(&text, at + 1, '\'') {
                        read.extend(text[at + 1..end].iter().copied().map(keep));
                        taken = end + 1 - at;
                    }
                }
                '$' | '`' => {
                    let (value, end) = self.expansion(&text, at, depth, quoted || in_quotes);
                    read.extend(value.chars().map(|c| if in_quotes { keep(c) } else { c }));
                    taken = end - at;
                }
                c => read.push(if in_quotes { keep(c) } else { c }),
            }
            at += taken;
        }
        read
    }

    /// What `$` or a backquote starts, and where it ends.
    fn expansion(&mut self, text: &[char], at: usize, depth: usize, quoted: bool) -> (String, usize) {
        let output = |end: Option<usize>| match end {
            Some(end) => (String::from_iter([UNKNOWN, OF_COMMAND]), end + 1),
            None => (UNKNOWN.to_string(), word_end(text, at)),
        };
        let next = text.get(at + 1).copied();
        match (text[at], next) {
            ('`', _) => output(position(text, at + 1, '`')),
            (_, Some('(')) => output(closing(text, at + 1, '(', ')')),
            (_, Some('{')) => match closing(text, at + 1, '{', '}') {
                Some(end) => {
                    let inner: String = text[at + 2..end].iter().collect();
                    (self.parameter(&inner, depth, quoted), end + 1)
                }
                None => (UNKNOWN.to_string(), word_end(text, at)),
            },
            (_, Some(c)) if is_name(c) && !c.is_ascii_digit() => {
                let length = text[at + 1..].iter().take_while(|c| is_name(**c)).count();
                let name: String = text[at + 1..=at + length].iter().collect();
                (self.parameter(&name, depth, quoted), at + 1 + length)
            }
            (_, Some('0'..='9' | '@' | '*' | '#' | '?' | '$' | '!' | '-')) => (UNKNOWN.to_string(), at + 2),
            // `$'...'` and `$"..."` are quoted texts.
            (_, Some('\'' | '"')) => (String::new(), at + 1),
            _ => ("$".to_owned(), at + 1),
        }
    }

    /// What `${...}` comes to: POSIX, "Parameter Expansion".
    fn parameter(&mut self, inner: &str, depth: usize, quoted: bool) -> String {
        let length = inner.find(|c| !is_name(c)).unwrap_or(inner.len());
        let (name, rest) = inner.split_at(length);
        let (colon, rest) = rest.strip_prefix(':').map_or((false, rest), |rest| (true, rest));
        let index = self.by_name.get(name).copied();
        let index = index.filter(|index| !(colon && self.variables[*index].value.is_empty()));
        let mut operator = rest.chars();
        let operator = (operator.next(), operator.as_str());
        let value = match (index, operator) {
            (Some(index), (None | Some('-' | '=' | '?'), _)) => {
                self.in_words.push(index);
                self.variables[index].value.to_string()
            }
            (None, (Some(operator @ ('-' | '=')), default)) if depth < DEEPEST && !name.is_empty() => {
                let default = self.alternative(default, depth + 1, quoted);
                if operator == '=' {
                    self.assign(name, default.replace(KEPT_BLANK, " ").into());
                }
                default
            }
            (Some(_), (Some('+'), other)) if depth < DEEPEST => self.alternative(other, depth + 1, quoted),
            _ => UNKNOWN.to_string(),
        };
        self.expanded = self.expanded.saturating_add(value.len());
        if self.expanded > MOST_EXPANDED { UNKNOWN.to_string() } else { value }
    }
}

/// Whether a word is a text of several.
fn is_text(word: &str) -> bool {
    word.trim().contains(char::is_whitespace)
}

/// Whether a word is like the `-c` of `sh -c SCRIPT`, or the `/c` of Windows.
fn takes_script(word: &str) -> bool {
    let letters = word.strip_prefix('-').and_then(|flags| flags.strip_suffix(['c', 'C']));
    letters.is_some_and(|letters| letters.chars().all(|c| c.is_ascii_alphabetic()))
        || matches!(word, "/c" | "/C")
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The name and the value of `NAME=value`; the name ends with `+` in `NAME+=value`.
fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let plain = name.strip_suffix('+').unwrap_or(name);
    let valid =
        !plain.is_empty() && plain.chars().all(is_name) && !plain.starts_with(|c: char| c.is_ascii_digit());
    valid.then_some((name, value))
}

fn assigned(word: &str) -> Option<(String, Rc<str>)> {
    assignment(word).map(|(name, value)| (name.to_owned(), value.into()))
}

fn position(text: &[char], from: usize, wanted: char) -> Option<usize> {
    (from..text.len()).find(|at| text[*at] == wanted)
}

/// Where the quote that is open at `from` is closed. Those within `${...}` and `$(...)` are others.
fn closing_quote(text: &[char], from: usize) -> Option<usize> {
    let mut at = from;
    while at < text.len() {
        let passed = match (text[at], text.get(at + 1)) {
            ('"', _) => return Some(at),
            ('\\', _) => Some(at + 1),
            ('$', Some('{')) => closing(text, at + 1, '{', '}'),
            ('$', Some('(')) => closing(text, at + 1, '(', ')'),
            _ => None,
        };
        at = passed.unwrap_or(at) + 1;
    }
    None
}

/// Where the bracket at `from` is closed.
fn closing(text: &[char], from: usize, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.iter().enumerate().skip(from).take(LONGEST_EXPANSION) {
        if *c == open {
            depth += 1;
        } else if *c == close {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

fn word_end(text: &[char], from: usize) -> usize {
    (from..text.len()).find(|at| text[*at].is_whitespace()).unwrap_or(text.len())
}
