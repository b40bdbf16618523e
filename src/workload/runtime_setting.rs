//! [`RuntimeSetting`]: the few settings of a language runtime that bound a container's memory.
//!
//! Environments and commands hold secrets, so nothing of them is kept but what is recognised here:
//! the setting's name and its number, never the text it stood in.
//!
//! Which of several settings holds:
//!
//! | of | holds | source |
//! |---|---|---|
//! | one flag, several times in one text | the last | each runtime |
//! | JVM: `JAVA_TOOL_OPTIONS`, the command line, `_JAVA_OPTIONS` | each over those before it | JVM Tool Interface, "The `JAVA_TOOL_OPTIONS` Environment Variable"; HotSpot, `arguments.cpp` |
//! | JVM: `JDK_JAVA_OPTIONS` | as if put before the command line, so over `JAVA_TOOL_OPTIONS`; Java 8 knows nothing of it | `java` command, "Using the `JDK_JAVA_OPTIONS` Launcher Environment Variable" |
//! | JVM: what follows the main class, `-jar FILE` or `-m MODULE` | nothing: these are the program's arguments | `java` command, "Synopsis" |
//! | Node.js: `NODE_OPTIONS`, the command line | the latter | Node.js, "Command-line API", `NODE_OPTIONS` |
//!
//! PM2 starts as many processes as `-i` says, each with these settings; one where that is no number, or stands for the
//! number of CPUs (`max`, `0`, `-1`).
//!
//! Where it is not certain what holds all are given, and the larger counts: a variable that a start script puts
//! somewhere, and `JDK_JAVA_OPTIONS` beside `JAVA_TOOL_OPTIONS` where no flag shows that it is Java 9 or later.

mod flags;
mod here_document;
mod script_line;
mod shell;
mod word;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Deserialize, Serialize};

use flags::{PM2, instances, of_variable, of_words};
use shell::{Process, READ_BY_RUNTIMES, Shell};
use word::{OF_COMMAND, UNKNOWN, base_name};

/// Processes at once that are told apart. Those beyond are read as one, of which the largest settings count and which
/// has a heap that is not known.
const MOST_PROCESSES: usize = 64;

/// A recognised setting, such as `-Xmx` = `1024m`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct RuntimeSetting {
    /// The flag or variable, canonical: `-Xmx`, `-XX:MaxRAMPercentage`, `--max-old-space-size`, ...
    pub name: String,
    /// Its value: digits, a decimal point and a unit letter at most. Empty where it is set and not known to what, as
    /// by a secret.
    pub value: String,
    /// Of the processes that are known to run at once, the one that it is of; absent where there is one at most, where
    /// it is not known whose it is, and in older snapshots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<u32>,
}

impl RuntimeSetting {
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), process: None }
    }

    pub fn is_known(&self) -> bool {
        !self.value.is_empty()
    }
}

/// The recognised settings of a container's environment and command, each once: those that are known of no process,
/// then those of each. A variable without a value is set, and not known to what.
pub fn runtime_settings<'a>(
    environment: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    command: impl IntoIterator<Item = &'a str>,
) -> Vec<RuntimeSetting> {
    let mut shell = Shell::new(environment);
    shell.run(command);
    // By the number among those that one command starts, too.
    let mut lanes: BTreeMap<(usize, usize), Vec<RuntimeSetting>> = BTreeMap::new();
    for process in &shell.processes {
        let of_process = of_process(process);
        for instance in 0..instances(&process.words).min(MOST_PROCESSES + 1) {
            lanes.entry((process.lane, instance)).or_default().extend(of_process.iter().cloned());
        }
    }
    let mut settings = anywhere(&shell);
    lanes.retain(|_, of_lane| !of_lane.is_empty());
    if lanes.len() > MOST_PROCESSES {
        let mut beyond = vec![RuntimeSetting::new("-Xmx", "")];
        while lanes.len() >= MOST_PROCESSES
            && let Some((_, of_lane)) = lanes.pop_last()
        {
            beyond.extend(of_lane);
        }
        lanes.insert((usize::MAX, 0), beyond);
    }
    let several = lanes.len() > 1;
    for (process, of_lane) in (1..).zip(lanes.into_values()) {
        let process = several.then_some(process);
        settings.extend(of_lane.into_iter().map(|setting| RuntimeSetting { process, ..setting }));
    }
    each_once(settings)
}

/// What variables set for whichever process reads them.
fn anywhere(shell: &Shell) -> Vec<RuntimeSetting> {
    let runs = |which: Runtime| {
        shell.processes.iter().any(|process| runtime(&process.words).is_some_and(|(of, _)| of == which))
    };
    let (java, node) = (runs(Runtime::Java), runs(Runtime::Node));
    let value = |name: &str| shell.variable(name).map(|variable| &*variable.value);
    let mut settings = Vec::new();
    for variable in &shell.variables {
        let is_read = match variable.name.as_str() {
            "NODE_OPTIONS" => node,
            name if READ_BY_RUNTIMES.contains(&name) => true,
            _ => variable.used && !variable.value.contains(UNKNOWN),
        };
        if !is_read {
            settings.extend(of_variable(&variable.name, &variable.value));
        }
    }
    settings = each_once(settings);
    if java {
        // No command line of any JVM wins over this.
        if let Some(after) = value("_JAVA_OPTIONS") {
            over(&mut settings, of_variable("_JAVA_OPTIONS", after));
        }
        settings
    } else {
        of_jvm(settings, value, &[])
    }
}

/// A runtime that reads its options from its words, up to a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runtime {
    Java,
    Node,
}

/// The first runtime among the words of a command, and where its own words start.
fn runtime(words: &[String]) -> Option<(Runtime, usize)> {
    /// A user may have the name of a runtime: `gosu java ./run`.
    const BEFORE_USERS: [&str; 6] = ["gosu", "su-exec", "su", "runuser", "-u", "-"];
    words.iter().enumerate().find_map(|(at, word)| {
        let runtime = match base_name(word) {
            "java" | "java.exe" => Runtime::Java,
            "node" | "nodejs" | "node.exe" => Runtime::Node,
            // What it starts gets its environment.
            name if PM2.contains(&name) => Runtime::Node,
            _ => return None,
        };
        let is_user = at > 0 && BEFORE_USERS.contains(&base_name(&words[at - 1]));
        (!is_user).then_some((runtime, at + 1))
    })
}

fn of_process(process: &Process) -> Vec<RuntimeSetting> {
    let value =
        |name: &str| process.inherited.iter().find(|(other, _)| other == name).map(|(_, value)| &**value);
    let mut settings = Vec::new();
    let given = process.given.iter().filter(|(name, _)| !READ_BY_RUNTIMES.contains(&name.as_str()));
    for (name, value) in given {
        settings.extend(of_variable(name, value));
    }
    settings = each_once(settings);
    match runtime(&process.words) {
        Some((Runtime::Java, start)) => {
            beside(&mut settings, of_words(&process.words[..start]));
            let options = java_options(&process.words[start..]);
            beside(&mut settings, of_jvm(Vec::new(), value, &with_unknown(options)));
        }
        Some((Runtime::Node, start)) => {
            let words = &process.words[start..];
            // A value may look like the program: what follows may be an option all the same.
            let program = words.iter().position(|word| !word.starts_with('-')).unwrap_or(words.len());
            let mut own =
                value("NODE_OPTIONS").map_or_else(Vec::new, |value| of_variable("NODE_OPTIONS", value));
            over(&mut own, of_words(&words[..program]));
            beside(&mut own, of_words(&process.words));
            beside(&mut settings, own);
        }
        None => {
            // Whatever it starts is given these.
            for (name, value) in
                process.given.iter().filter(|(name, _)| READ_BY_RUNTIMES.contains(&name.as_str()))
            {
                beside(&mut settings, of_variable(name, value));
            }
            beside(&mut settings, of_words(&process.words));
        }
    }
    settings
}

/// What a JVM with these variables and options on its command line goes by, where `elsewhere` may be on it, too.
fn of_jvm<'a>(
    elsewhere: Vec<RuntimeSetting>,
    value: impl Fn(&str) -> Option<&'a str>,
    options: &[String],
) -> Vec<RuntimeSetting> {
    let of = |name: &str| value(name).map_or_else(Vec::new, |value| of_variable(name, value));
    // Java 8 knows no option with two dashes, and does not start with one.
    let is_9 = |word: &str| word.starts_with("--");
    let is_9_or_later = options.iter().any(|word| is_9(word))
        || value("JAVA_TOOL_OPTIONS").is_some_and(|value| value.split_whitespace().any(is_9));
    let mut settings = elsewhere;
    beside(&mut settings, of("JAVA_TOOL_OPTIONS"));
    if is_9_or_later {
        over(&mut settings, of("JDK_JAVA_OPTIONS"));
    } else {
        beside(&mut settings, of("JDK_JAVA_OPTIONS"));
    }
    over(&mut settings, of_words(options));
    over(&mut settings, of("_JAVA_OPTIONS"));
    // What is certain wins over what is not known of the others.
    let certain = |settings: &[RuntimeSetting]| {
        settings.iter().any(|setting| setting.name == "-Xmx" && setting.is_known())
    };
    if certain(&of_words(options)) || certain(&of("_JAVA_OPTIONS")) {
        let earlier = ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"];
        settings.retain(|setting| setting.is_known() || !earlier.contains(&setting.name.as_str()));
    }
    settings
}

/// Options of `java` whose value is the next word.
const TAKE_A_WORD: [&str; 15] = [
    "-cp",
    "-classpath",
    "--class-path",
    "-p",
    "--module-path",
    "--upgrade-module-path",
    "--add-modules",
    "--limit-modules",
    "--add-reads",
    "--add-exports",
    "--add-opens",
    "--patch-module",
    "--enable-native-access",
    "--source",
    "--describe-module",
];

/// Those of the words behind `java` that are the JVM's: all before the main class, the JAR file or the module.
fn java_options(words: &[String]) -> &[String] {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += match word.as_str() {
            "-m" | "--module" => return &words[..at],
            word if TAKE_A_WORD.contains(&word) => 2,
            word if word.starts_with(['-', '@', UNKNOWN]) => 1,
            _ => return &words[..at],
        };
    }
    words
}

/// The options, where one that a command puts out is a heap that is not known: such commands reckon heaps.
fn with_unknown(options: &[String]) -> Cow<'_, [String]> {
    let put_out = |at: usize| {
        let is_value =
            at > 0 && (options[at - 1] == "-jar" || TAKE_A_WORD.contains(&options[at - 1].as_str()));
        !is_value && options[at].chars().eq([UNKNOWN, OF_COMMAND])
    };
    let mut read = Cow::Borrowed(options);
    for at in (0..options.len()).filter(|at| put_out(*at)) {
        read.to_mut()[at] = format!("-Xmx{UNKNOWN}");
    }
    read
}

/// What comes again is left out.
fn each_once(mut settings: Vec<RuntimeSetting>) -> Vec<RuntimeSetting> {
    let mut seen = BTreeSet::new();
    settings.retain(|setting| seen.insert(setting.clone()));
    settings
}

/// Adds what is not there.
fn beside(settings: &mut Vec<RuntimeSetting>, more: impl IntoIterator<Item = RuntimeSetting>) {
    for setting in more {
        if !settings.contains(&setting) {
            settings.push(setting);
        }
    }
}

/// Adds what wins over what is there; only where it is known to what it is set.
fn over(settings: &mut Vec<RuntimeSetting>, winning: Vec<RuntimeSetting>) {
    settings.retain(|known| !winning.iter().any(|setting| setting.name == known.name && setting.is_known()));
    beside(settings, winning);
}

#[cfg(test)]
mod tests;
