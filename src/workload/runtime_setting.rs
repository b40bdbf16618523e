//! [`RuntimeSetting`]: the few settings of a language runtime that bound a container's memory.
//!
//! Environments and commands hold secrets, so nothing of them is kept but what is recognised here:
//! the setting's name and its number, never the text it stood in.

use serde::{Deserialize, Serialize};

/// A recognised setting, such as `-Xmx` = `1024m`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RuntimeSetting {
    /// The flag or variable, canonical: `-Xmx`, `-XX:MaxRAMPercentage`, `--max-old-space-size`, ...
    pub name: String,
    /// Its value: digits, a decimal point and a unit letter at most.
    pub value: String,
}

/// Flags whose value follows without a space: `-Xmx1g`.
const ATTACHED: [&str; 2] = ["-Xmx", "-Xms"];
/// Flags whose value follows `=`: `-XX:MaxRAMPercentage=75`.
const WITH_EQUALS: [&str; 12] = [
    "-XX:MaxRAMPercentage",
    "-XX:InitialRAMPercentage",
    "-XX:MaxHeapSize",
    "-XX:InitialHeapSize",
    "-XX:MaxMetaspaceSize",
    "-XX:MaxDirectMemorySize",
    "-XX:ReservedCodeCacheSize",
    "--max-old-space-size",
    "--max_old_space_size",
    "--workers",
    "--processes",
    "--threads",
];
/// Flags whose value is the next word: `-w 4`.
const WITH_SPACE: [&str; 6] = ["-w", "--workers", "--processes", "-p", "--threads", "--max-old-space-size"];
/// Spellings that mean another flag.
const SYNONYMS: [(&str, &str); 4] = [
    ("-XX:MaxHeapSize", "-Xmx"),
    ("-XX:InitialHeapSize", "-Xms"),
    ("--max_old_space_size", "--max-old-space-size"),
    ("-w", "--workers"),
];
/// Environment variables whose whole value is a number or size.
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
/// Environment variables whose value is a list of flags.
const FLAG_VARIABLES: [&str; 13] = [
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "_JAVA_OPTIONS",
    "JAVA_OPTS",
    "JAVA_OPTIONS",
    "JVM_OPTS",
    "CATALINA_OPTS",
    "ES_JAVA_OPTS",
    "LS_JAVA_OPTS",
    "KAFKA_HEAP_OPTS",
    "KAFKA_OPTS",
    "NODE_OPTIONS",
    "GUNICORN_CMD_ARGS",
];
/// Programs whose short flags `-w` and `-p` count workers or processes.
const WORKER_SERVERS: [&str; 4] = ["gunicorn", "puma", "uwsgi", "uvicorn"];

/// The recognised settings of a container's environment and command, in the order met, each once.
pub fn runtime_settings<'a>(
    environment: impl IntoIterator<Item = (&'a str, &'a str)>,
    command: impl IntoIterator<Item = &'a str>,
) -> Vec<RuntimeSetting> {
    let mut found = Vec::new();
    for (name, value) in environment {
        if VARIABLES.contains(&name) {
            push(&mut found, name, value);
        } else if FLAG_VARIABLES.contains(&name) {
            scan(&mut found, value.split_whitespace(), name == "GUNICORN_CMD_ARGS");
        }
    }
    let words: Vec<&str> = command.into_iter().flat_map(str::split_whitespace).collect();
    let server =
        words.iter().any(|word| WORKER_SERVERS.iter().any(|server| word.rsplit('/').next() == Some(*server)));
    scan(&mut found, words.into_iter(), server);
    found
}

fn scan<'a>(found: &mut Vec<RuntimeSetting>, words: impl Iterator<Item = &'a str>, server: bool) {
    let mut words = words.map(|word| word.trim_matches(['"', '\''])).peekable();
    while let Some(word) = words.next() {
        if let Some(flag) = ATTACHED.iter().find(|flag| word.starts_with(**flag)) {
            push(found, flag, &word[flag.len()..]);
        } else if let Some((flag, value)) = word.split_once('=') {
            if WITH_EQUALS.contains(&flag) {
                push(found, flag, value);
            }
        } else if WITH_SPACE.contains(&word)
            && (server || word == "--max-old-space-size")
            && let Some(value) = words.peek()
        {
            push(found, word, value);
        }
    }
}

/// Keeps the setting if its value is a plain number or size, such as `75.0`, `512m`, `1GiB`.
fn push(found: &mut Vec<RuntimeSetting>, name: &str, value: &str) {
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &value[digits.len()..];
    let plain = !digits.is_empty()
        && digits.len() <= 12
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
        && matches!(
            unit.to_ascii_lowercase().as_str(),
            "" | "b" | "k" | "m" | "g" | "t" | "kb" | "mb" | "gb" | "kib" | "mib" | "gib" | "tib"
        );
    let name = SYNONYMS.iter().find(|(from, _)| *from == name).map_or(name, |(_, to)| *to);
    let setting = RuntimeSetting { name: name.to_owned(), value: value.to_owned() };
    if plain && !found.contains(&setting) {
        found.push(setting);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(environment: &[(&str, &str)], command: &[&str]) -> Vec<String> {
        runtime_settings(environment.iter().copied(), command.iter().copied())
            .into_iter()
            .map(|s| format!("{}={}", s.name, s.value))
            .collect()
    }

    #[test]
    fn heap_flags_are_read_from_variables_and_commands() {
        assert_eq!(
            found(
                &[("JAVA_TOOL_OPTIONS", "-Xms512m -Xmx1g -XX:MaxRAMPercentage=75.0 -Dpassword=hunter2")],
                &["java", "-Xmx2G", "-jar", "app.jar"]
            ),
            ["-Xms=512m", "-Xmx=1g", "-XX:MaxRAMPercentage=75.0", "-Xmx=2G"]
        );
        assert_eq!(
            found(&[("NODE_OPTIONS", "--max-old-space-size=1536"), ("GOMEMLIMIT", "450MiB")], &[]),
            ["--max-old-space-size=1536", "GOMEMLIMIT=450MiB"]
        );
        assert_eq!(found(&[], &["gunicorn", "-w", "4", "app:app"]), ["--workers=4"]);
        assert_eq!(found(&[], &["sh", "-c", "exec gunicorn --workers=3 app"]), ["--workers=3"]);
    }

    #[test]
    fn spellings_of_one_flag_are_one_flag() {
        assert_eq!(
            found(&[("KAFKA_HEAP_OPTS", "-XX:MaxHeapSize=1g -XX:InitialHeapSize=512m")], &[]),
            ["-Xmx=1g", "-Xms=512m"]
        );
        assert_eq!(
            found(&[], &["node", "--max_old_space_size=900", "server.js"]),
            ["--max-old-space-size=900"]
        );
        assert_eq!(
            found(&[("RAILS_MAX_THREADS", "5")], &["/usr/bin/puma", "-w", "2", "--threads", "8"]),
            ["RAILS_MAX_THREADS=5", "--workers=2", "--threads=8"]
        );
    }

    #[test]
    fn nothing_else_is_kept() {
        assert!(found(&[("DB_PASSWORD", "-Xmx1g"), ("GOMEMLIMIT", "s3cr3t")], &[]).is_empty());
        assert!(found(&[("JAVA_OPTS", "-Xmx${SECRET} -XX:MaxRAMPercentage=abc")], &[]).is_empty());
        assert!(found(&[], &["mysql", "-p", "12345"]).is_empty());
    }
}
