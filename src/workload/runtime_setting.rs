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
/// Flags of servers whose value is the next word: `--workers 4`.
const OF_SERVERS: [&str; 3] = ["--workers", "--processes", "--threads"];
/// Short flags that count workers, and whose they are; a value may follow them without a space. Another program has
/// other uses for them: `-p` is Puma's port and gunicorn's file of its process id, `-w` uWSGI's module.
///
/// gunicorn: settings, "workers" and "pidfile". Puma: `puma --help`. uWSGI: options, "processes" and "module".
const SHORT: [(&str, &str); 3] = [("gunicorn", "-w"), ("puma", "-w"), ("uwsgi", "-p")];
/// Spellings that mean another flag.
const SYNONYMS: [(&str, &str); 5] = [
    ("-XX:MaxHeapSize", "-Xmx"),
    ("-XX:InitialHeapSize", "-Xms"),
    ("--max_old_space_size", "--max-old-space-size"),
    ("-w", "--workers"),
    ("-p", "--processes"),
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
/// Programs that run workers.
const WORKER_SERVERS: [&str; 4] = ["gunicorn", "puma", "uwsgi", "uvicorn"];

/// Variables that a JVM reads before its command line, which therefore wins.
const BEFORE_COMMAND: [&str; 2] = ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"];
/// The variable that it reads after.
const AFTER_COMMAND: &str = "_JAVA_OPTIONS";

/// Where a setting is from, as far as that says which of several wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Before,
    Command,
    After,
    /// A script puts it somewhere.
    Elsewhere,
}

/// The recognised settings of a container's environment and command, in the order met, each once.
///
/// Of a flag that is repeated in one text the last one holds, as runtimes have it; and one of the JVM's own variables
/// gives way to the command line, or overrules it. Where nothing says which one wins, all are given.
pub fn runtime_settings<'a>(
    environment: impl IntoIterator<Item = (&'a str, &'a str)>,
    command: impl IntoIterator<Item = &'a str>,
) -> Vec<RuntimeSetting> {
    let mut found: Vec<(Origin, RuntimeSetting)> = Vec::new();
    let mut take = |from: Origin, own: Vec<RuntimeSetting>| {
        for setting in own {
            if !found.contains(&(from, setting.clone())) {
                found.push((from, setting));
            }
        }
    };
    for (name, value) in environment {
        let mut own = Vec::new();
        if VARIABLES.contains(&name) {
            push(&mut own, 0, name, value);
        } else if FLAG_VARIABLES.contains(&name) {
            let server = (name == "GUNICORN_CMD_ARGS").then_some("gunicorn");
            scan(&mut own, value.split_whitespace(), server);
        }
        let from = match name {
            _ if BEFORE_COMMAND.contains(&name) => Origin::Before,
            AFTER_COMMAND => Origin::After,
            _ => Origin::Elsewhere,
        };
        take(from, own);
    }
    let words: Vec<&str> = command.into_iter().flat_map(str::split_whitespace).collect();
    let is = |word: &&str, server: &str| word.rsplit('/').next() == Some(server);
    let server = WORKER_SERVERS.into_iter().find(|server| words.iter().any(|word| is(word, server)));
    // With several JVMs in one command, what overrules one of them need not overrule the others.
    let from = if words.iter().filter(|word| is_java(word)).count() > 1 {
        Origin::Elsewhere
    } else {
        Origin::Command
    };
    let mut own = Vec::new();
    scan(&mut own, words.into_iter(), server);
    take(from, own);
    let has = |from: Origin, name: &str| {
        found.iter().any(|(other, setting)| *other == from && setting.name == name)
    };
    let holds = |from: Origin, name: &str| match from {
        Origin::Before => !has(Origin::Command, name) && !has(Origin::After, name),
        Origin::Command => !has(Origin::After, name),
        Origin::After | Origin::Elsewhere => true,
    };
    let mut settings: Vec<RuntimeSetting> = Vec::new();
    for (from, setting) in &found {
        if holds(*from, &setting.name) && !settings.contains(setting) {
            settings.push(setting.clone());
        }
    }
    settings
}

fn is_java(word: &str) -> bool {
    word.trim_matches(['"', '\'']).rsplit('/').next() == Some("java")
}

fn scan<'a>(found: &mut Vec<RuntimeSetting>, words: impl Iterator<Item = &'a str>, server: Option<&str>) {
    let mut words = words.map(|word| word.trim_matches(['"', '\''])).peekable();
    // What was found of the process before this one.
    let mut before = 0;
    while let Some(word) = words.next() {
        if is_java(word) {
            before = found.len();
        }
        if let Some(flag) = ATTACHED.iter().find(|flag| word.starts_with(**flag)) {
            push(found, before, flag, &word[flag.len()..]);
        } else if let Some((flag, value)) = word.split_once('=') {
            if WITH_EQUALS.contains(&flag) {
                push(found, before, flag, value);
            }
        } else if let Some((_, flag)) =
            SHORT.iter().find(|(of, flag)| server == Some(*of) && word.starts_with(*flag))
        {
            let value = Some(&word[flag.len()..]).filter(|attached| !attached.is_empty());
            if let Some(value) = value.or(words.peek().copied()) {
                push(found, before, flag, value);
            }
        } else if (OF_SERVERS.contains(&word) && server.is_some() || word == "--max-old-space-size")
            && let Some(value) = words.peek()
        {
            push(found, before, word, value);
        }
    }
}

/// Keeps the setting if its value is a plain number or size, such as `75.0`, `512m`, `1GiB`; in the place of what was
/// found of it since `before`.
fn push(found: &mut Vec<RuntimeSetting>, before: usize, name: &str, value: &str) {
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
    if plain {
        if let Some(known) = (before..found.len()).find(|index| found[*index].name == setting.name) {
            found.remove(known);
        }
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
            ["-Xms=512m", "-XX:MaxRAMPercentage=75.0", "-Xmx=2G"]
        );
        assert_eq!(
            found(&[("NODE_OPTIONS", "--max-old-space-size=1536"), ("GOMEMLIMIT", "450MiB")], &[]),
            ["--max-old-space-size=1536", "GOMEMLIMIT=450MiB"]
        );
        assert_eq!(found(&[], &["gunicorn", "-w", "4", "app:app"]), ["--workers=4"]);
        assert_eq!(found(&[], &["sh", "-c", "exec gunicorn --workers=3 app"]), ["--workers=3"]);
    }

    #[test]
    fn of_a_flag_that_is_repeated_the_one_that_holds_is_kept() {
        let java = |environment: &[(&str, &str)], command: &str| found(environment, &[command]);
        assert_eq!(found(&[("JAVA_OPTS", "-Xmx2g -Xmx256m")], &[]), ["-Xmx=256m"]);
        assert_eq!(found(&[("JAVA_OPTS", "-Xmx256m -Xmx2g -Xmx256m")], &[]), ["-Xmx=256m"]);
        assert_eq!(found(&[("JAVA_OPTS", "-Xmx1g -XX:MaxHeapSize=512m")], &[]), ["-Xmx=512m"]);
        assert_eq!(java(&[], "java -Xmx2g -Xmx256m -jar a.jar"), ["-Xmx=256m"]);
        assert_eq!(java(&[("JAVA_TOOL_OPTIONS", "-Xmx2g")], "java -Xmx256m"), ["-Xmx=256m"]);
        assert_eq!(java(&[("_JAVA_OPTIONS", "-Xmx2g")], "java -Xmx256m"), ["-Xmx=2g"]);
        assert_eq!(
            found(&[("JAVA_OPTS", "-Xmx256m"), ("JAVA_TOOL_OPTIONS", "-Xmx2g")], &[]),
            ["-Xmx=256m", "-Xmx=2g"],
            "whether JAVA_OPTS gets to the command line is not known"
        );
        assert_eq!(
            java(&[("JAVA_TOOL_OPTIONS", "-Xmx3g")], "java -Xmx2g -jar a & /bin/java -Xmx256m -jar b"),
            ["-Xmx=3g", "-Xmx=2g", "-Xmx=256m"],
            "two processes"
        );
        assert_eq!(found(&[("JAVA_OPTS", "-Xmx2g -Xmx${HEAP}")], &[]), ["-Xmx=2g"]);
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
    fn each_server_counts_its_workers_by_its_own_flags() {
        let of = |command: &str| found(&[], &command.split(' ').collect::<Vec<_>>());
        assert!(of("bundle exec puma -C config/puma.rb -p 3000").is_empty(), "a port");
        assert!(of("gunicorn -p 12345 app:app").is_empty(), "a file");
        assert!(of("uwsgi -w 4").is_empty(), "a module");
        assert_eq!(of("uwsgi -p 4"), ["--processes=4"]);
        assert_eq!(of("uwsgi -p4"), ["--processes=4"]);
        assert_eq!(of("gunicorn -w4 app:app"), ["--workers=4"]);
        assert_eq!(of("puma -w4"), ["--workers=4"]);
        assert!(of("tail -w4").is_empty());
        assert_eq!(found(&[("GUNICORN_CMD_ARGS", "-w4 -p 12345")], &[]), ["--workers=4"]);
    }

    #[test]
    fn nothing_else_is_kept() {
        assert!(found(&[("DB_PASSWORD", "-Xmx1g"), ("GOMEMLIMIT", "s3cr3t")], &[]).is_empty());
        assert!(found(&[("JAVA_OPTS", "-Xmx${SECRET} -XX:MaxRAMPercentage=abc")], &[]).is_empty());
        assert!(found(&[], &["mysql", "-p", "12345"]).is_empty());
    }
}
