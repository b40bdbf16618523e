//! Flags and variables that are recognised, and what their values are.
//!
//! Takes words; gives [`RuntimeSetting`]s. Of a value nothing is kept but a plain number or size.

use super::{
    RuntimeSetting,
    word::{OF_COMMAND, QUOTES, UNKNOWN, base_name},
};

/// Flags whose value follows without a space: `-Xmx1g`. `-mx` is the old spelling of the `java` launcher.
const ATTACHED: [&str; 4] = ["-Xmx", "-Xms", "-mx", "-ms"];
/// Flags whose value follows `=`: `-XX:MaxRAMPercentage=75`.
const WITH_EQUALS: [&str; 11] = [
    "-XX:MaxRAMPercentage",
    "-XX:InitialRAMPercentage",
    "-XX:MaxHeapSize",
    "-XX:InitialHeapSize",
    "-XX:MaxMetaspaceSize",
    "-XX:MaxDirectMemorySize",
    "-XX:ReservedCodeCacheSize",
    OLD_SPACE,
    "--workers",
    "--processes",
    "--threads",
];
/// Words may be joined by underscores, too, and the value may be the next word: Node.js, command-line options, and
/// V8, which reads it.
const OLD_SPACE: &str = "--max-old-space-size";
/// Flags of servers whose value is the next word: `--workers 4`.
const OF_SERVERS: [&str; 3] = ["--workers", "--processes", "--threads"];
/// Short flags that count workers, and whose they are; a value may follow them without a space. Another program has
/// other uses for them: `-p` is Puma's port and gunicorn's file of its process id, `-w` uWSGI's module.
///
/// gunicorn: settings, "workers" and "pidfile". Puma: `puma --help`. uWSGI: options, "processes" and "module".
const SHORT: [(&str, &str); 3] = [("gunicorn", "-w"), ("puma", "-w"), ("uwsgi", "-p")];
/// Spellings that mean another flag.
const SYNONYMS: [(&str, &str); 6] = [
    ("-XX:MaxHeapSize", "-Xmx"),
    ("-XX:InitialHeapSize", "-Xms"),
    ("-mx", "-Xmx"),
    ("-ms", "-Xms"),
    ("-w", "--workers"),
    ("-p", "--processes"),
];
/// Settings of which it is told that they are set, even where it is not known to what.
const TOLD_UNKNOWN: [&str; 5] = ["-Xmx", "-Xms", "-XX:MaxRAMPercentage", OLD_SPACE, "GOMEMLIMIT"];
/// Environment variables whose whole value is a number or size. `GOMEMLIMIT`: Go, package runtime, "Environment
/// Variables".
const VARIABLES: [&str; 9] = [
    "GOMEMLIMIT",
    "WEB_CONCURRENCY",
    "GUNICORN_WORKERS",
    "PUMA_WORKERS",
    "UWSGI_PROCESSES",
    "UWSGI_WORKERS",
    "UWSGI_THREADS",
    "RAILS_MAX_THREADS",
    "PUMA_MAX_THREADS",
];
/// Environment variables whose value is a list of flags, beside those that end in one of [`FLAG_ENDINGS`].
const FLAG_VARIABLES: [&str; 8] = [
    "JAVA_TOOL_OPTIONS",
    "JAVA_OPTIONS",
    "JAVA_OPTS_APPEND",
    "JAVA_ARGS",
    "JVM_ARGS",
    "JVM_OPTIONS",
    "NODE_OPTIONS",
    GUNICORN,
];
/// `JDK_JAVA_OPTIONS`, `OPENJ9_JAVA_OPTIONS`, `JAVA_OPTS`, `MAVEN_OPTS`, `KAFKA_HEAP_OPTS`, and whatever start scripts
/// call theirs (those that Gradle makes: `<NAME>_OPTS`).
const FLAG_ENDINGS: [&str; 2] = ["_OPTS", "_JAVA_OPTIONS"];
/// Variables that, where it is not known to what they are set, most likely set a heap.
const SET_HEAPS: [&str; 6] = [
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "_JAVA_OPTIONS",
    "JAVA_OPTS",
    "KAFKA_HEAP_OPTS",
    "NODE_OPTIONS",
];
const GUNICORN: &str = "GUNICORN_CMD_ARGS";
/// Programs that run workers.
const WORKER_SERVERS: [&str; 4] = ["gunicorn", "puma", "uwsgi", "uvicorn"];

/// Starts a program of Node.js so many times: PM2, "Cluster Mode".
pub const PM2: [&str; 2] = ["pm2", "pm2-runtime"];

/// Processes at once that the words of a command start of one program; one where it is not known how many.
pub fn instances(words: &[String]) -> usize {
    let Some(at) = words.iter().position(|word| PM2.contains(&base_name(word))) else { return 1 };
    // What follows two dashes is the program's.
    let mut own = words[at..].iter().take_while(|word| *word != "--");
    let given = own.by_ref().find_map(|word| word.strip_prefix("--instances").or(word.strip_prefix("-i")));
    let value = given.map(|value| value.trim_start_matches('='));
    let value = value.filter(|value| !value.is_empty()).or_else(|| own.next().map(String::as_str));
    value.and_then(|value| value.parse().ok()).unwrap_or(1).max(1)
}

/// What a variable sets.
pub fn of_variable(name: &str, value: &str) -> Vec<RuntimeSetting> {
    let mut found = Vec::new();
    if VARIABLES.contains(&name) {
        push(&mut found, name, value);
    } else if SET_HEAPS.contains(&name) && value.trim_end_matches(OF_COMMAND).chars().eq([UNKNOWN]) {
        found.push(RuntimeSetting::new(name, ""));
    } else if FLAG_VARIABLES.contains(&name) || FLAG_ENDINGS.iter().any(|ending| name.ends_with(ending)) {
        scan(&mut found, value.split_whitespace(), (name == GUNICORN).then_some("gunicorn"));
    }
    found
}

/// What the words of a command set, of which each may be several.
pub fn of_words(words: &[String]) -> Vec<RuntimeSetting> {
    let server =
        WORKER_SERVERS.into_iter().find(|server| words.iter().any(|word| base_name(word) == *server));
    let mut found = Vec::new();
    scan(&mut found, words.iter().flat_map(|word| word.split_whitespace()), server);
    found
}

fn scan<'a>(found: &mut Vec<RuntimeSetting>, words: impl Iterator<Item = &'a str>, server: Option<&str>) {
    let mut words = words.map(handed_on).peekable();
    while let Some(word) = words.next() {
        if let Some(flag) = ATTACHED.iter().find(|flag| word.starts_with(**flag)) {
            push(found, flag, &word[flag.len()..]);
        } else if let Some((flag, value)) = word.split_once('=') {
            let flag = spelled(flag);
            if WITH_EQUALS.contains(&flag.as_str()) {
                push(found, &flag, value);
            }
        } else if let Some((_, flag)) =
            SHORT.iter().find(|(of, flag)| server == Some(*of) && word.starts_with(*flag))
        {
            let value = Some(&word[flag.len()..]).filter(|attached| !attached.is_empty());
            if let Some(value) = value.or(words.peek().copied()) {
                push(found, flag, value);
            }
        } else if (OF_SERVERS.contains(&word) && server.is_some() || spelled(word) == OLD_SPACE)
            && let Some(value) = words.peek()
        {
            push(found, &spelled(word), value);
        }
    }
}

/// What a program hands on to the runtime that it starts: `-J-Xmx1g`, `--node-args="--max-old-space-size=512"`.
fn handed_on(word: &str) -> &str {
    let word = word.trim_matches(QUOTES);
    let word = word.strip_prefix("-J").unwrap_or(word);
    match word.split_once('=') {
        Some((flag, value))
            if flag.starts_with("--") && value.trim_start_matches(QUOTES).starts_with('-') =>
        {
            value.trim_matches(QUOTES)
        }
        _ => word,
    }
}

/// The flag with dashes for underscores, where it is Node's.
fn spelled(flag: &str) -> String {
    if flag.starts_with("--max_") || flag.starts_with("--max-") {
        flag.replace('_', "-")
    } else {
        flag.to_owned()
    }
}

/// Keeps the setting if its value is a plain number or size, such as `75.0`, `512m`, `1GiB`, in the place of what was
/// found of it before; or that it is set, if its value is not known.
fn push(found: &mut Vec<RuntimeSetting>, name: &str, value: &str) {
    let name = SYNONYMS.iter().find(|(from, _)| *from == name).map_or(name, |(_, to)| *to);
    // What a shell would have taken off.
    let value: String =
        value.trim_end_matches([';', '&', ')', ',']).chars().filter(|c| !QUOTES.contains(c)).collect();
    if value.contains(UNKNOWN) {
        let unknown = RuntimeSetting::new(name, "");
        if TOLD_UNKNOWN.contains(&name) && !found.contains(&unknown) {
            found.push(unknown);
        }
    } else if is_plain(&value) {
        found.retain(|known| known.name != name);
        found.push(RuntimeSetting::new(name, value));
    }
}

fn is_plain(value: &str) -> bool {
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &value[digits.len()..];
    !digits.is_empty()
        && digits.len() <= 12
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
        && matches!(
            unit.to_ascii_lowercase().as_str(),
            "" | "b" | "k" | "m" | "g" | "t" | "kb" | "mb" | "gb" | "kib" | "mib" | "gib" | "tib"
        )
}
