//! Settings as they are read from environments and commands.

use proptest::prelude::*;

use super::*;

fn found(environment: &[(&str, &str)], command: &[&str]) -> Vec<String> {
    let environment = environment.iter().map(|(name, value)| (*name, Some(*value)));
    told(runtime_settings(environment, command.iter().copied()))
}

/// `2: -Xmx=1g` for one of the second process.
fn told(settings: Vec<RuntimeSetting>) -> Vec<String> {
    let told = |setting: RuntimeSetting| {
        let process = setting.process.map_or_else(String::new, |process| format!("{process}: "));
        format!("{process}{}={}", setting.name, setting.value)
    };
    settings.into_iter().map(told).collect()
}

/// Those of `sh -c`.
fn script(text: &str) -> Vec<String> {
    found(&[], &["sh", "-c", text])
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
    assert_eq!(found(&[("JAVA_OPTS", "-Xmx2g -Xmx${HEAP}")], &[]), ["-Xmx=2g", "-Xmx="]);
}

#[test]
fn spellings_of_one_flag_are_one_flag() {
    assert_eq!(
        found(&[("KAFKA_HEAP_OPTS", "-XX:MaxHeapSize=1g -XX:InitialHeapSize=512m")], &[]),
        ["-Xmx=1g", "-Xms=512m"]
    );
    assert_eq!(found(&[], &["node", "--max_old_space_size=900", "server.js"]), ["--max-old-space-size=900"]);
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
    assert_eq!(found(&[("JAVA_OPTS", "-Xmx${SECRET} -XX:MaxRAMPercentage=abc")], &[]), ["-Xmx="]);
    assert_eq!(found(&[("S", "s3cr3t")], &["java", "-Xmx$S", "-Xms${S:-1g}"]), [""; 0]);
    assert!(found(&[], &["mysql", "-p", "12345"]).is_empty());
}

#[test]
fn a_shells_words_are_read() {
    for (text, setting) in [
        ("NODE_OPTIONS=--max-old-space-size=3072 node server.js", "--max-old-space-size=3072"),
        ("NODE_OPTIONS=--max-old-space-size=3072 npm start", "--max-old-space-size=3072"),
        ("export JAVA_OPTS=\"-Xmx3g\" && exec java $JAVA_OPTS -jar app.jar", "-Xmx=3g"),
        ("export JAVA_OPTS=\"-Xmx3g\" && ./bin/app", "-Xmx=3g"),
        ("export JAVA_OPTS=\"$JAVA_OPTS -Xmx3g\" && ./bin/app", "-Xmx=3g"),
        ("JAVA_OPTS='-Xmx3g' ./bin/app", "-Xmx=3g"),
        ("JAVA_OPTS+=' -Xmx3g'\n./bin/app", "-Xmx=3g"),
        (": \"${JAVA_OPTS:=-Xmx3g}\"; export JAVA_OPTS; ./bin/app", "-Xmx=3g"),
        ("GOMEMLIMIT=3GiB exec ./app", "GOMEMLIMIT=3GiB"),
        ("java -Xmx3g; echo done", "-Xmx=3g"),
        ("exec java -Xmx3072M;", "-Xmx=3072M"),
        ("(java -Xmx3g -jar app.jar)", "-Xmx=3g"),
        ("if true; then java -Xmx3g; fi", "-Xmx=3g"),
        ("java -Xmx3g&", "-Xmx=3g"),
        ("java -Xmx\"3g\" -jar a.jar", "-Xmx=3g"),
        ("java '-Xmx3g' -jar a.jar", "-Xmx=3g"),
        ("java -Xmx${HEAP:-3g} -jar a.jar", "-Xmx=3g"),
        ("java \"-Xmx${HEAP:-${SIZE:-3g}}\" -jar a.jar", "-Xmx=3g"),
        ("HEAP=3; java -Xmx${HEAP}g -jar a.jar", "-Xmx=3g"),
        ("exec java \\\n  -Xmx3g \\\n  -jar a.jar > /dev/null 2>&1", "-Xmx=3g"),
        ("java >log -Xmx3g Main # -Xmx1g", "-Xmx=3g"),
        ("exec su app -c 'java -Xmx3g -jar a.jar'", "-Xmx=3g"),
        ("exec bash -c \"sh -c 'java -Xmx3g'\"", "-Xmx=3g"),
        ("bin/app -J-Xmx3g", "-Xmx=3g"),
        ("pm2 start app.js --node-args=\"--max-old-space-size=3072\"", "--max-old-space-size=3072"),
        (
            "pm2 start app.js --node-args \"--trace-gc --max-old-space-size=3072\"",
            "--max-old-space-size=3072",
        ),
        ("node --max_old_space_size 3072 s.js", "--max-old-space-size=3072"),
        // Without an end: what can be read is.
        ("java -Dname='x -Xmx3g -jar a.jar", "-Xmx=3g"),
        ("java -Dname=\"x -Xmx3g -jar a.jar", "-Xmx=3g"),
        ("java -Dname=${x -Xmx3g -jar a.jar", "-Xmx=3g"),
        ("java -Dname=$(x -Xmx3g -jar a.jar", "-Xmx=3g"),
        ("java -Dname=`x -Xmx3g -jar a.jar", "-Xmx=3g"),
        ("java $(cat flags) -Xmx3g -jar a.jar )", "-Xmx=3g"),
    ] {
        assert_eq!(script(text), [setting], "{text}");
    }
}

#[test]
fn words_without_a_shell_are_read() {
    for command in [
        &["env", "GOMEMLIMIT=3GiB", "./app"][..],
        &["/usr/bin/env", "A=b", "GOMEMLIMIT='3GiB'", "./app"],
        &["tini", "--", "env", "GOMEMLIMIT=3GiB", "./app"],
        &["cmd", "/c", "set GOMEMLIMIT=3GiB && app.exe"],
        &["GOMEMLIMIT=3GiB ./app"],
        &["bash", "-euxc", "GOMEMLIMIT=3GiB ./app"],
    ] {
        assert_eq!(found(&[], command), ["GOMEMLIMIT=3GiB"], "{command:?}");
    }
    assert_eq!(found(&[], &["node", "--max_old_space_size", "900", "s.js"]), ["--max-old-space-size=900"]);
    let pm2 = ["pm2-runtime", "app.js", "--node-args=\"--max-old-space-size=900\""];
    assert_eq!(found(&[], &pm2), ["--max-old-space-size=900"]);
    assert_eq!(found(&[], &["java -Xmx3g -jar a.jar"]), ["-Xmx=3g"]);
    assert_eq!(
        found(&[], &["java", "-XX:OnOutOfMemoryError=kill -9 %p", "-cp", "/a b", "-Xmx3g", "Main"]),
        ["-Xmx=3g"]
    );
}

#[test]
fn variables_of_flags_are_known_by_their_names() {
    for name in [
        "JAVA_ARGS",
        "JAVA_OPTS_APPEND",
        "MAVEN_OPTS",
        "SBT_OPTS",
        "GRADLE_OPTS",
        "HEAP_OPTS",
        "KAFKA_HEAP_OPTS",
        "MYAPP_OPTS",
        "OPENJ9_JAVA_OPTIONS",
        "JDK_JAVA_OPTIONS",
    ] {
        assert_eq!(found(&[(name, "-Xmx3g -Dx=y")], &[]), ["-Xmx=3g"], "{name}");
        assert_eq!(found(&[(name, "-Xmx3g")], &["./bin/app"]), ["-Xmx=3g"], "{name}");
    }
    assert_eq!(found(&[("NODE_OPTIONS", "\"--max-old-space-size=900\"")], &[]), ["--max-old-space-size=900"]);
    assert_eq!(found(&[("NODE_OPTIONS", "--max-old-space-size 900")], &[]), ["--max-old-space-size=900"]);
    assert!(found(&[("NOTES", "-Xmx3g"), ("DB_PASS", "-Xmx3g")], &[]).is_empty());
}

#[test]
fn the_environment_decides_what_a_command_says() {
    let java = ["sh", "-c", "java -Xmx${HEAP:-3g} $JAVA_OPTS -jar a.jar"];
    assert_eq!(found(&[("HEAP", "1g")], &java), ["-Xmx=1g"]);
    assert_eq!(found(&[("HEAP", "")], &java), ["-Xmx=3g"]);
    assert_eq!(found(&[("JAVA_OPTS", "-Xmx2g -Xms1g")], &java), ["-Xmx=2g", "-Xms=1g"]);
    // It goes where the command says, and is overruled there.
    let overruled = ["sh", "-c", "exec java $JAVA_OPTS -Xmx256m -jar a.jar"];
    assert_eq!(found(&[("JAVA_OPTS", "-Xmx2g")], &overruled), ["-Xmx=256m"]);
    let other = ["sh", "-c", "OTHER=$JAVA_OPTS; java -Xmx256m -jar a.jar"];
    assert_eq!(found(&[("JAVA_OPTS", "-Xmx2g")], &other), ["-Xmx=2g", "-Xmx=256m"]);
}

#[test]
fn what_is_set_and_not_known_is_told() {
    assert_eq!(script("java -Xmx$HEAP -Xms${HEAP:?}m -jar a.jar"), ["-Xmx=", "-Xms="]);
    assert_eq!(script("GOMEMLIMIT=$(./limit) ./app"), ["GOMEMLIMIT="]);
    assert_eq!(script("node --max-old-space-size=$((MEMORY * 3 / 4)) a.js"), ["--max-old-space-size="]);
    assert!(script("gunicorn -w $WORKERS").is_empty());
    let secret = |name, command: &[&str]| told(runtime_settings([(name, None)], command.iter().copied()));
    assert_eq!(secret("JAVA_TOOL_OPTIONS", &[]), ["JAVA_TOOL_OPTIONS="]);
    assert_eq!(secret("JAVA_OPTS", &["./bin/app"]), ["JAVA_OPTS="]);
    assert_eq!(secret("HEAP", &["sh", "-c", "java -Xmx${HEAP:-3g} -jar a.jar"]), ["-Xmx="]);
    assert_eq!(secret("JAVA_TOOL_OPTIONS", &["java", "-Xmx1g", "-jar", "a.jar"]), ["-Xmx=1g"]);
    assert_eq!(secret("_JAVA_OPTIONS", &["java", "-Xmx1g", "-jar", "a.jar"]), ["_JAVA_OPTIONS=", "-Xmx=1g"]);
    assert!(secret("PASSWORD", &["./bin/app", "$PASSWORD"]).is_empty());
    let other = [("NODE_OPTIONS", None), ("_JAVA_OPTIONS", Some("-Xmx1g"))];
    assert_eq!(told(runtime_settings(other, [])), ["NODE_OPTIONS=", "-Xmx=1g"], "of another runtime");
}

#[test]
fn a_jvm_goes_by_what_reaches_it_last() {
    let (tool, jdk, after) =
        (("JAVA_TOOL_OPTIONS", "-Xmx3g"), ("JDK_JAVA_OPTIONS", "-Xmx2g"), ("_JAVA_OPTIONS", "-Xmx1g"));
    let java = ["java", "-Xmx256m", "-jar", "a.jar"];
    assert_eq!(found(&[tool, jdk], &java), ["-Xmx=256m"]);
    assert_eq!(found(&[after, tool, jdk], &java), ["-Xmx=1g"]);
    assert_eq!(found(&[after, tool, jdk, ("JAVA_OPTS", "-Xmx9g")], &[]), ["-Xmx=1g"]);
    // Java 8 knows only one of them, Java 9 both.
    assert_eq!(found(&[tool, jdk], &["java", "-jar", "a.jar"]), ["-Xmx=3g", "-Xmx=2g"]);
    assert_eq!(found(&[tool, jdk], &[]), ["-Xmx=3g", "-Xmx=2g"]);
    let nine = ["java", "--add-opens", "java.base/java.lang=ALL-UNNAMED", "-jar", "a.jar"];
    assert_eq!(found(&[tool, jdk], &nine), ["-Xmx=2g"]);
    assert_eq!(
        found(&[("NODE_OPTIONS", "--max-old-space-size=900")], &["node", "--max-old-space-size=99", "a.js"]),
        ["--max-old-space-size=99"]
    );
    assert_eq!(
        found(&[("NODE_OPTIONS", "--max-old-space-size=900")], &["node", "a.js", "--max-old-space-size=99"]),
        ["--max-old-space-size=900", "--max-old-space-size=99"]
    );
}

#[test]
fn what_follows_the_program_is_the_programs() {
    for command in [
        "java -Xmx256m -jar a.jar -Xmx3g",
        "java -jar -Xmx256m a.jar -Xmx3g",
        "java -Xmx256m -cp a.jar:b.jar com.example.Main -Xmx3g",
        "java -Xmx256m -p mods -m app/com.example.Main -Xmx3g",
        "gosu java /opt/java/bin/java -Xmx256m Main -Xmx3g",
    ] {
        assert_eq!(found(&[], &command.split(' ').collect::<Vec<_>>()), ["-Xmx=256m"], "{command}");
        assert_eq!(script(command), ["-Xmx=256m"], "{command}");
    }
    for command in [
        "java -cp $CLASSPATH -Xmx3g Main",
        "java $FLAGS -Xmx3g Main",
        "java @flags -Xmx3g Main",
        "gosu java ./app -Xmx3g",
    ] {
        assert_eq!(script(command), ["-Xmx=3g"], "{command}");
    }
}

#[test]
fn processes_that_run_at_once_are_told_apart() {
    for (text, settings) in [
        ("java -Xmx3g -jar a.jar & java -Xmx2g -jar b.jar", &["1: -Xmx=2g", "2: -Xmx=3g"][..]),
        ("java -Xmx3g -jar a.jar >a 2>&1 & exec java -Xmx2g -jar b.jar 2>&1", &["1: -Xmx=2g", "2: -Xmx=3g"]),
        ("java -Xmx300m A & java -Xmx300m B &\nwait", &["1: -Xmx=300m", "2: -Xmx=300m"]),
        ("java -Xmx3g A | java -Xmx2g B", &["1: -Xmx=3g", "2: -Xmx=2g"]),
        ("(java -Xmx1g A; java -Xmx2g B) & java -Xmx3g C", &["1: -Xmx=3g", "2: -Xmx=1g", "2: -Xmx=2g"]),
        ("{ java -Xmx1g A && java -Xmx2g B; } & java -Xmx3g C", &["1: -Xmx=3g", "2: -Xmx=1g", "2: -Xmx=2g"]),
        ("java -Xmx1g A && java -Xmx2g B & java -Xmx3g C", &["1: -Xmx=3g", "2: -Xmx=1g", "2: -Xmx=2g"]),
        (
            "GOMEMLIMIT=1GiB ./a & node --max-old-space-size=900 b.js",
            &["1: --max-old-space-size=900", "2: GOMEMLIMIT=1GiB"],
        ),
        // One after another, or one of them only.
        ("java -Xmx3g -jar a.jar && java -Xmx2g -jar b.jar", &["-Xmx=3g", "-Xmx=2g"]),
        ("java -Xmx3g A; java -Xmx2g B || java -Xmx1g C", &["-Xmx=3g", "-Xmx=2g", "-Xmx=1g"]),
        ("nginx & exec java -Xmx3g -jar a.jar | tee log", &["-Xmx=3g"]),
    ] {
        assert_eq!(script(text), settings, "{text}");
    }
    assert_eq!(
        found(&[("JAVA_TOOL_OPTIONS", "-Xmx3g")], &["java -jar a.jar & /bin/java -Xmx256m -jar b.jar"]),
        ["1: -Xmx=256m", "2: -Xmx=3g"]
    );
}

#[test]
fn what_a_command_only_tells_is_no_setting() {
    for text in [
        "echo \"use -Xmx3g\"; java -Xmx100m -jar a.jar",
        "echo use -Xmx3g; java -Xmx100m -jar a.jar",
        "echo \"start with: java -Xmx3g -jar a.jar\" && exec java -Xmx100m -jar a.jar",
        "echo GOMEMLIMIT=3GiB; java -Xmx100m -jar a.jar",
        "/bin/echo -Xmx3g | cat; java -Xmx100m -jar a.jar",
        "GOMEMLIMIT=3GiB printf '%s' -Xmx3g & exec java -Xmx100m -jar a.jar",
        "cat /etc/-Xmx3g; : -Xmx3g; java -Xmx100m -jar a.jar",
        "cat <<EOF\n-Xmx3g\nEOF\njava -Xmx100m -jar a.jar",
        "cat <<EOF >readme\njava -Xmx3g\n\nEOF\njava -Xmx100m -jar a.jar",
        "cat <<'END OF IT' && java -Xmx100m -jar a.jar\njava -Xmx3g\nEND OF IT",
        "app <<-\"EOF\"; java -Xmx100m -jar a.jar\n\tjava -Xmx3g\n\tEOF\n",
        "app <<\\A 3<<B; java -Xmx100m -jar a.jar\njava -Xmx3g\nB\nA\njava -Xmx3g\nB",
        "exec app \"$(cat <<EOF\n-Xmx3g\nEOF\n)\" & java -Xmx100m -jar a.jar",
    ] {
        assert_eq!(script(text), ["-Xmx=100m"], "{text}");
    }
    assert_eq!(found(&[], &["echo", "-Xmx3g"]), [""; 0]);
    // What a shell is given it runs; what has no end is none; what is no document has none.
    for text in [
        "sh <<EOF\nexec java -Xmx3g -jar a.jar\nEOF",
        "exec /bin/bash -s <<'EOF'\njava -Xmx3g -jar a.jar\nEOF",
        "cat <<EOF\nx\njava -Xmx3g -jar a.jar\n EOF",
        "cat <<<EOF\njava -Xmx3g -jar a.jar\nEOF",
        "x=$((1<<2))\njava -Xmx3g -jar a.jar\n2",
        "cat <<EOF\nx\nEOF\njava -Xmx3g -jar a.jar\nEOF",
        "echo ready; java -Xmx3g -jar a.jar",
    ] {
        assert_eq!(script(text), ["-Xmx=3g"], "{text}");
    }
}

#[test]
fn each_process_of_pm2_has_a_heap_of_its_own() {
    let each = ["1", "2", "3", "4"].map(|process| format!("{process}: --max-old-space-size=400"));
    let args = "--node-args=--max-old-space-size=400";
    for command in [
        &["pm2-runtime", "start", "app.js", "-i", "4", args][..],
        &["/usr/local/bin/pm2-runtime", "-i4", args, "app.js"],
        &["pm2-runtime", "app.js", "--instances", "4", args],
        &["sh", "-c", "pm2 start app.js --instances=4 --node-args=--max-old-space-size=400"],
    ] {
        assert_eq!(found(&[], command), each, "{command:?}");
    }
    let of_all = [("NODE_OPTIONS", "--max-old-space-size=400")];
    assert_eq!(found(&of_all, &["pm2-runtime", "app.js", "-i", "4"]), each);
    // As many as there are CPUs, or the program's own: one is known.
    for instances in
        [&["-i", "max"][..], &["-i", "0"], &["-i", "-1"], &["-i", "1"], &["-i"], &["--", "-i", "4"]]
    {
        let command = [&["pm2-runtime", "app.js", args], instances].concat();
        assert_eq!(found(&[], &command), ["--max-old-space-size=400"], "{command:?}");
    }
    let many = runtime_settings([], ["pm2-runtime", "app.js", args, "-i", "4000000000"]);
    assert_eq!(many.iter().filter_map(|setting| setting.process).max(), Some(64));
}

#[test]
fn quotes_of_a_default_are_read_as_a_shell_does() {
    for text in [
        "exec java ${JAVA_OPTS:-\"-Xmx3g\"} -jar a.jar",
        "exec java ${JAVA_OPTS:-'-Xmx3g'} -jar a.jar",
        "exec java ${X:-\"-Dfoo=1\"} -Xmx3g -jar a.jar",
        "exec java ${X:-\"-Dfoo=a b\"} -Xmx3g -jar a.jar",
        "exec java ${X:--Dfoo='a b'} -Xmx3g -jar a.jar",
        "exec java ${X:--Dfoo=a\\ b} -Xmx3g -jar a.jar",
        "exec java ${X:-${Y:-\"-Dfoo=a b\"}} -Xmx3g -jar a.jar",
        "exec java -Xmx${HEAP:-\"3g\"} -jar a.jar",
        "JAVA_OPTS=${JAVA_OPTS:-\"-Xmx3g -Dx=y\"}; exec java $JAVA_OPTS -jar a.jar",
        ": ${JAVA_OPTS:=\"-Xmx3g -Dx=y\"}; exec java $JAVA_OPTS -jar a.jar",
        // Quotes within quotes, which the brackets between them keep apart.
        "exec java \"-Dname=${X:-\"a b\"}\" -Xmx3g -jar a.jar",
        "exec java -Dhome=\"$(dirname \"/opt/my app/x\")\" -Xmx3g -jar a.jar",
        "exec java -Dhome=\"${HOME_DIR:-$(dirname \"a b\")}\" -Xmx3g -jar a.jar",
        "export JAVA_OPTS=\"${JAVA_OPTS:-\"-Xmx3g -Dx=y\"}\"; exec java $JAVA_OPTS -jar a.jar",
    ] {
        assert_eq!(script(text), ["-Xmx=3g"], "{text}");
    }
}

#[test]
fn of_branches_one_is_run() {
    for (text, settings) in [
        (
            "if [ \"$A\" ]; then java -Xmx2g -jar a.jar & else java -Xmx2g -jar b.jar & fi; wait",
            &["-Xmx=2g"][..],
        ),
        (
            "if a; then java -Xmx1g A & elif b; then java -Xmx2g B & else java -Xmx3g C & fi; java -Xmx4g D",
            &["1: -Xmx=4g", "2: -Xmx=1g", "2: -Xmx=2g", "2: -Xmx=3g"],
        ),
        (
            "if a; then java -Xmx1g A & java -Xmx2g B & else java -Xmx3g C & fi; java -Xmx4g D &",
            &["1: -Xmx=1g", "1: -Xmx=3g", "2: -Xmx=2g", "3: -Xmx=4g"],
        ),
        (
            "if a; then java -Xmx1g A & else if b; then java -Xmx2g B & else java -Xmx3g C & fi; fi; java -Xmx4g D",
            &["1: -Xmx=4g", "2: -Xmx=1g", "2: -Xmx=2g", "2: -Xmx=3g"],
        ),
        ("case $M in a) java -Xmx2g -jar a.jar & ;; b) java -Xmx2g -jar b.jar & ;; esac; wait", &["-Xmx=2g"]),
        (
            "case $M in\n  a|b)\n java -Xmx1g A &\n ;;\n (*) java -Xmx2g B &\nesac\njava -Xmx3g C",
            &["1: -Xmx=3g", "2: -Xmx=1g", "2: -Xmx=2g"],
        ),
        ("case $M in a) java -Xmx1g A ;; esac & java -Xmx2g B", &["1: -Xmx=2g", "2: -Xmx=1g"]),
        // Without an end.
        ("sh -c 'if a; then x & else java -Xmx1g A &'; java -Xmx2g B &", &["1: -Xmx=1g", "2: -Xmx=2g"]),
    ] {
        assert_eq!(script(text), settings, "{text}");
    }
}

#[test]
fn an_option_that_a_command_puts_out_may_be_a_heap() {
    assert_eq!(script("java $(memory-calculator) -Xms1g -jar x"), ["-Xmx=", "-Xms=1g"]);
    assert_eq!(script("java `memory-calculator` -jar x"), ["-Xmx="]);
    assert_eq!(script("OPTS=\"$(memory-calculator)\"; java $OPTS -jar x"), ["-Xmx="]);
    assert_eq!(script("JAVA_OPTS=$(memory-calculator) ./bin/app"), ["JAVA_OPTS="]);
    assert_eq!(script("java -Xmx1g $(memory-calculator) -jar x"), ["-Xmx=1g", "-Xmx="]);
    for text in [
        "java $(memory-calculator) -Xmx1g -jar x",
        "java -Xmx1g -cp $(find . -name a.jar) Main",
        "java -Xmx1g -Dx=$(hostname) -jar $(find . -name a.jar)",
    ] {
        assert_eq!(script(text), ["-Xmx=1g"], "{text}");
    }
}

#[test]
fn no_more_processes_are_told_apart_than_a_container_runs() {
    let at_once =
        |count: usize| (1..=count).map(|mib| format!("java -Xmx{mib}m A&")).collect::<Vec<_>>().concat();
    let settings = |count| runtime_settings([], ["sh", "-c", &at_once(count)]);
    let last = |count| settings(count).iter().filter_map(|setting| setting.process).max();
    assert_eq!((last(64), last(65), last(1000)), (Some(64), Some(64), Some(64)));
    assert!(settings(64).iter().all(RuntimeSetting::is_known));
    let told = told(settings(1000));
    assert!(told.contains(&"64: -Xmx=1000m".to_owned()), "the largest is kept");
    assert!(told.contains(&"64: -Xmx=".to_owned()), "what they come to is not known");
}

/// A pull request may bring any; read word by word against all others, each would take minutes.
#[test]
fn long_commands_are_read() {
    let each = |of: fn(usize) -> String| (0..16_000).map(of).collect::<String>();
    for text in [
        each(|i| format!("java -Xmx{i}m;")),
        each(|i| format!("java -Xmx{i}m&")),
        each(|i| format!("A{i}_OPTS=-Xmx{i}m;")),
        each(|i| format!("A{i}_OPTS=-Xmx{i}m ")) + "app",
        each(|_| "a|".to_owned()) + "a&",
        each(|i| format!("a <<E{i}\n")),
        each(|i| format!("a <<E{i}\nE{i}\n")),
        each(|_| "<<E ".to_owned()),
        each(|_| "(".to_owned()) + &each(|_| "a;".to_owned()) + &each(|_| ")&".to_owned()),
    ] {
        let read = script(&(text.clone() + "; java -Xmx7g A"));
        assert!(read.iter().any(|setting| setting.ends_with("=7g")), "{}", &text[..60]);
    }
}

#[test]
fn a_setting_is_stored_as_before_unless_processes_are_told_apart() {
    let older = r#"{"name":"-Xmx","value":"1g"}"#;
    let setting: RuntimeSetting = serde_json::from_str(older).unwrap();
    assert_eq!(setting, RuntimeSetting::new("-Xmx", "1g"));
    assert_eq!(serde_json::to_string(&setting).unwrap(), older);
    let second = RuntimeSetting { process: Some(2), ..setting };
    let stored = serde_json::to_string(&second).unwrap();
    assert_eq!(stored, r#"{"name":"-Xmx","value":"1g","process":2}"#);
    assert_eq!(serde_json::from_str::<RuntimeSetting>(&stored).unwrap(), second);
}

#[test]
fn flags_in_flags_without_end_are_no_trouble() {
    let flags = "--a=".repeat(20_000);
    assert_eq!(script(&format!("app {flags} -Xmx1g")), ["-Xmx=1g"]);
}

#[test]
fn variables_that_grow_without_end_do_not() {
    let doubling = format!("A=xxxxxxxxxxxxxxxx; {} java -Xmx1g $A -jar a.jar", "A=$A$A; ".repeat(100));
    assert_eq!(script(&doubling), ["-Xmx=1g"]);
}

proptest! {
    #[test]
    fn no_command_panics_and_no_text_is_kept(
        environment in prop::collection::vec(("HEAP|JAVA_OPTS|NODE_OPTIONS|_JAVA_OPTIONS|GOMEMLIMIT", "[-Xmx=$A{}:1g \"']{0,12}"), 0..3),
        command in prop::collection::vec("(java|sh|-c|-Xmx|\\$HEAP|\\$\\{HEAP:-|[ ;&|(){}<>'\"$`\\\\\n=#]|1g|secret|if|fi|\\PC){0,16}", 0..4),
    ) {
        let environment = environment.iter().map(|(name, value)| (name.as_str(), Some(value.as_str())));
        for setting in runtime_settings(environment, command.iter().map(String::as_str)) {
            prop_assert!(!setting.value.contains("secret") && setting.value.len() <= 15, "{setting:?}");
        }
    }

    /// Whatever stands before it, a flag of its own is read.
    #[test]
    fn no_quoting_hides_a_flag(before in "[a-z '\"$`(){}|;\\\\\n]{0,20}") {
        prop_assume!(before.matches('\'').count() < 2 && before.matches('"').count() < 2 && before.matches('`').count() < 2);
        let text = format!("{before} -Xmx3g");
        let hidden = ["$(", "${", "\\"].iter().any(|open| before.contains(open)) || before.contains('\'') && before.contains('"');
        prop_assume!(!hidden);
        prop_assert!(script(&text).iter().any(|setting| setting.ends_with("-Xmx=3g")), "{text:?}");
    }
}
