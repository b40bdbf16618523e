//! Snapshots in S3: what `collect` puts there, every other command reads as it reads a folder.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::fixture::{Answering, Fargauge, S3, Scripted, python, script, small_fleet};

/// The folder of a small snapshot, which needs no AWS.
fn demo(fargauge: &Fargauge) -> String {
    let folder = fargauge.snapshot().to_str().unwrap().to_owned();
    let finished = fargauge.run(&["demo", "--services", "12", "--out", &folder]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    folder
}

fn xml(code: &str, message: &str) -> Vec<u8> {
    format!("<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>")
        .into_bytes()
}

#[test]
fn a_snapshot_in_s3_is_reported_on_as_its_folder_is() {
    let s3 = S3::start();
    let fargauge = s3.fargauge();
    let folder = demo(&fargauge);
    s3.put(Path::new(&folder), "team a/ü");
    let url = format!("s3://{}/team a/ü", s3.bucket);
    let workload = fargauge.report().workloads()[0]["id"].as_str().unwrap().to_owned();
    for arguments in [
        vec!["report", "SNAPSHOT", "--format", "json"],
        vec!["report", "SNAPSHOT", "--format", "csv"],
        vec!["explain", "SNAPSHOT", &workload, "--format", "json"],
        vec!["backtest", "SNAPSHOT", "--rule", "fargauge", "--format", "json"],
    ] {
        let with = |snapshot: &str| {
            let arguments: Vec<&str> =
                arguments.iter().map(|word| if *word == "SNAPSHOT" { snapshot } else { word }).collect();
            let finished = fargauge.run(&arguments);
            assert_eq!(finished.code, Some(0), "{arguments:?}: {}", finished.stderr);
            finished.stdout
        };
        let read = with(&folder);
        assert!(read.len() > 100, "{arguments:?}: {read}");
        assert_eq!(with(&url), read, "{arguments:?}");
    }
}

#[test]
fn a_template_is_checked_by_a_snapshot_in_s3() {
    let s3 = S3::start();
    let fargauge = s3.fargauge();
    let folder = demo(&fargauge);
    s3.put(Path::new(&folder), "demo");
    let report = fargauge.report();
    let over = report.workloads().iter().find(|one| one["finding"] == "Overprovisioned").unwrap();
    let template = serde_json::json!({
        "family": over["family"], "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc",
        "cpu": "16384", "memory": "122880",
        "containerDefinitions": [{ "name": "app", "image": "app" }],
    });
    fargauge.write_home("task.json", &template.to_string());
    let check = |snapshot: &str| {
        let as_of = report["as_of"].as_str().unwrap();
        let arguments = ["check", "task.json", "--snapshot", snapshot, "--format", "json", "--as-of", as_of];
        fargauge.run(&arguments).stdout
    };
    let read = check(&folder);
    assert!(read.contains("memory-overprovisioned"), "{read}");
    assert_eq!(check(&format!("s3://{}/demo/", s3.bucket)), read);
}

#[test]
fn what_is_not_there_is_told_apart() {
    let s3 = S3::start();
    let fargauge = s3.fargauge();
    let bucket = &s3.bucket;
    for (url, words) in [
        ("s3://no-such-bucket-anywhere/a".to_owned(), &["no bucket `no-such-bucket-anywhere`"][..]),
        (format!("s3://{bucket}/none"), &["is not a snapshot", "manifest.json", "collect --out"]),
        (format!("s3://{bucket}"), &["is not a snapshot"]),
        (format!("s3://{bucket}/latest"), &["is not a snapshot"]),
    ] {
        fargauge.run(&["report", &url]).assert_says(3, words);
    }
    fargauge.run(&["report", "gs://acme/a"]).assert_says(2, &["s3://BUCKET/PREFIX"]);
    fargauge.run(&["report", "s3://acme/../a"]).assert_says(2, &["a prefix has no"]);
}

#[test]
fn what_is_damaged_is_an_error_that_names_the_object() {
    let s3 = S3::start();
    let fargauge = s3.fargauge();
    let folder = demo(&fargauge);
    let folder = Path::new(&folder);
    let part = fs::read_dir(folder.join("utilization")).unwrap().next().unwrap().unwrap().file_name();
    let part = format!("utilization/{}", part.to_str().unwrap());
    for (name, words) in [
        (part.as_str(), ["cut short"]),
        ("inventory.json", ["cut short"]),
        ("manifest.json", ["cut short, edited or damaged"]),
    ] {
        let path = folder.join(name);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let prefix = name.replace('/', "-");
        s3.put(folder, &prefix);
        let object = format!("s3://{}/{prefix}/{name}", s3.bucket);
        let url = format!("s3://{}/{prefix}", s3.bucket);
        fargauge.run(&["report", &url]).assert_says(3, &[&[object.as_str()], &words[..]].concat());
        // As long as it was, but not what it was; and longer; and gone.
        let mut edited = whole.clone();
        edited[whole.len() / 2] ^= 1;
        fs::write(&path, &edited).unwrap();
        s3.put(folder, &prefix);
        fargauge.run(&["report", &url]).assert_says(3, &[&object]);
        fs::write(&path, [&whole[..], b" "].concat()).unwrap();
        s3.put(folder, &format!("{prefix}-long"));
        fargauge.run(&["report", &format!("{url}-long")]).assert_says(3, &[name]);
        fs::remove_file(&path).unwrap();
        s3.put(folder, &format!("{prefix}-gone"));
        fargauge.run(&["report", &format!("{url}-gone")]).assert_says(3, &[name]);
        fs::write(&path, &whole).unwrap();
    }
}

#[test]
fn a_collect_puts_the_snapshot_there_and_overwrites_none() {
    let s3 = S3::start();
    let server = Scripted::start(small_fleet(), serde_json::json!([]));
    let endpoint = std::env::var("FARGAUGE_TEST_MINISTACK").unwrap();
    let fargauge = server.fargauge().with("AWS_ENDPOINT_URL_S3", &endpoint);
    let url = format!("s3://{}/prod/{{time}}", s3.bucket);
    let window = ["--region", "eu-west-1", "--lookback", "2d", "--period", "3600"];
    let collect =
        |out: &str, more: &[&str]| fargauge.run(&[&["collect", "--out", out][..], &window, more].concat());
    let now = ["--as-of", "2026-11-25T10:20:00Z"];
    let finished = collect(&url, &now);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let dated = format!("s3://{}/prod/2026-11-25T1000Z", s3.bucket);
    finished.assert_says(0, &[&dated]);

    // What is there is what a collect into a folder writes, and an object that says which is the latest.
    let brought = tempfile::tempdir().unwrap();
    let keys = s3.get("prod/", brought.path());
    assert_eq!(fs::read_to_string(brought.path().join("latest")).unwrap(), "2026-11-25T1000Z\n");
    assert!(keys.contains(&"prod/2026-11-25T1000Z/manifest.json".to_owned()), "{keys:?}");
    let folder = brought.path().join("2026-11-25T1000Z");
    let of_folder = fargauge.run(&["report", folder.to_str().unwrap(), "--format", "json"]);
    assert_eq!(of_folder.code, Some(0), "{}", of_folder.stderr);
    for place in [dated.clone(), format!("s3://{}/prod/latest", s3.bucket)] {
        let of_s3 = fargauge.run(&["report", &place, "--format", "json"]);
        assert_eq!((of_s3.code, of_s3.stdout), (Some(0), of_folder.stdout.clone()), "{}", of_s3.stderr);
    }

    collect(&dated, &now).assert_says(3, &["never overwritten", &dated]);
    assert_eq!(collect(&url, &["--as-of", "2026-11-25T12:00:00Z"]).code, Some(0));
    let latest = fargauge.run(&["report", &format!("s3://{}/prod/latest", s3.bucket), "--format", "json"]);
    assert!(latest.stdout.contains("2026-11-25T12:00:00Z"), "{}", latest.stderr);
    // One that began before, or looks back from an earlier time, is not the latest.
    assert_eq!(collect(&url, &["--as-of", "2026-11-25T11:00:00Z"]).code, Some(0));
    let still = fargauge.run(&["report", &format!("s3://{}/prod/latest", s3.bucket), "--format", "json"]);
    assert!(still.stdout == latest.stdout, "the latest is of another time now");

    // A named work folder keeps the snapshot.
    let work = tempfile::tempdir().unwrap();
    let work = work.path().to_str().unwrap();
    let kept = format!("s3://{}/kept", s3.bucket);
    assert_eq!(collect(&kept, &[&now[..], &["--work-dir", work]].concat()).code, Some(0));
    let of_work = fargauge.run(&["report", work, "--format", "json"]).stdout;
    assert_eq!(fargauge.run(&["report", &kept, "--format", "json"]).stdout, of_work);

    let refused = collect("s3://no-such-bucket-anywhere/a", &now);
    refused.assert_says(3, &["no bucket"]);
    assert!(
        server.requests_to("GetMetricData").len() < 20,
        "nothing was pulled for a bucket that is not there"
    );
}

#[test]
fn a_refusal_says_what_is_needed() {
    let denied = Answering::start(|_| (403, String::new(), xml("AccessDenied", "Access Denied")));
    denied
        .fargauge()
        .run(&["report", "s3://acme/prod"])
        .assert_says(3, &["access denied", "s3://acme/prod/manifest.json", "s3:GetObject"]);
    let expired = Answering::start(|_| (400, String::new(), xml("ExpiredToken", "The token has expired")));
    expired.fargauge().run(&["report", "s3://acme/prod"]).assert_says(3, &["expired"]);
    let busy = Answering::start(|_| (503, String::new(), xml("SlowDown", "Reduce your request rate")));
    busy.fargauge().run(&["report", "s3://acme/prod"]).assert_says(3, &["throttled"]);
    assert_eq!(busy.asked().len(), 2, "throttling is retried");
    let nowhere = Answering::start(|_| (200, String::new(), b"../../../else".to_vec()));
    nowhere.fargauge().run(&["report", "s3://acme/latest"]).assert_says(3, &["does not name a snapshot"]);
    let nobody = denied.fargauge().without("AWS_ACCESS_KEY_ID").without("AWS_SECRET_ACCESS_KEY");
    nobody.run(&["report", "s3://acme/prod"]).assert_says(3, &["credentials"]);
}

#[test]
fn requests_are_signed_as_botocore_signs_them() {
    // Emulators take any signature.
    let server = Answering::start(|_| (404, String::new(), xml("NoSuchKey", "no")));
    let fargauge = server.fargauge().with("AWS_SESSION_TOKEN", "token/+=");
    fargauge.run(&["report", "s3://acme/a b/ü+%~*(x)/{y}"]).assert_says(3, &["is not a snapshot"]);
    let asked = &server.asked()[0];
    let mut check = Command::new(python())
        .arg(script("signature.py"))
        .args(["AKIATEST", "test", "token/+=", "eu-west-1", &server.url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    check.stdin.take().unwrap().write_all(asked.join("\n").as_bytes()).unwrap();
    let signature = String::from_utf8(check.wait_with_output().unwrap().stdout).unwrap();
    let sent = asked.iter().find(|line| line.starts_with("authorization: ")).unwrap();
    assert!(signature.trim().len() == 64 && sent.ends_with(signature.trim()), "{signature} {asked:?}");
}

#[test]
fn a_bucket_elsewhere_is_asked_where_it_is() {
    for status in [301, 400] {
        let server = Answering::start(move |asked| {
            let signed_for_frankfurt = asked.iter().any(|line| line.contains("/eu-central-1/s3/"));
            if signed_for_frankfurt {
                (404, String::new(), xml("NoSuchKey", "The specified key does not exist."))
            } else {
                (
                    status,
                    "x-amz-bucket-region: eu-central-1\r\n".to_owned(),
                    xml("PermanentRedirect", "elsewhere"),
                )
            }
        });
        server.fargauge().run(&["report", "s3://acme/prod"]).assert_says(3, &["is not a snapshot"]);
        let asked = server.asked();
        assert_eq!(asked.len(), 2, "{asked:?}");
        assert!(asked.iter().all(|one| one[0] == "GET /acme/prod/manifest.json HTTP/1.1"), "{asked:?}");
    }
}

#[test]
fn a_write_that_is_refused_keeps_the_snapshot_that_was_collected() {
    let server = Scripted::start(small_fleet(), serde_json::json!([]));
    let s3 = Answering::start(|asked| match asked[0].starts_with("GET ") {
        true => (404, String::new(), xml("NoSuchKey", "no")),
        false if asked[0].contains("manifest") => {
            (412, String::new(), xml("PreconditionFailed", "it is there"))
        }
        false => (200, String::new(), Vec::new()),
    });
    let folder = tempfile::tempdir().unwrap();
    let fargauge = server
        .fargauge()
        .with("AWS_ENDPOINT_URL_S3", &s3.url)
        .with("TMPDIR", folder.path().to_str().unwrap());
    let arguments = ["collect", "--out", "s3://acme/prod", "--region", "eu-west-1", "--lookback", "2d"];
    let finished = fargauge.run(&arguments);
    finished.assert_says(3, &["never overwritten", "the snapshot is whole in"]);
    let left = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    assert_eq!(fargauge.run(&["report", left.to_str().unwrap()]).code, Some(0));
    let written = puts(&s3);
    assert!(
        written.last().unwrap().starts_with("PUT /acme/prod/manifest.json"),
        "the manifest goes last: {written:?}"
    );
}

/// The request lines of what was written.
fn puts(s3: &Answering) -> Vec<String> {
    let lines = s3.asked().into_iter().map(|mut one| one.remove(0));
    lines.filter(|line| line.starts_with("PUT ")).collect()
}

#[test]
fn what_another_collect_put_there_meanwhile_is_not_written_over() {
    let server = Scripted::start(small_fleet(), serde_json::json!([]));
    let looks = AtomicU32::new(0);
    let s3 = Answering::start(move |_| match looks.fetch_add(1, Ordering::Relaxed) {
        0 => (404, String::new(), xml("NoSuchKey", "no")),
        _ => (200, String::new(), b"the manifest of another".to_vec()),
    });
    let fargauge = server.fargauge().with("AWS_ENDPOINT_URL_S3", &s3.url);
    let arguments = ["collect", "--out", "s3://acme/prod", "--region", "eu-west-1", "--lookback", "2d"];
    fargauge.run(&arguments).assert_says(3, &["never overwritten", "the snapshot is whole in"]);
    assert_eq!(puts(&s3), [""; 0]);
}

#[test]
fn a_manifest_that_is_there_because_an_answer_got_lost_is_ones_own() {
    let server = Scripted::start(small_fleet(), serde_json::json!([]));
    let work = tempfile::tempdir().unwrap();
    let manifest = work.path().join("manifest.json");
    let writes = AtomicU32::new(0);
    let s3 = Answering::start(move |asked| {
        let is_manifest = asked[0].contains("manifest");
        match (asked[0].starts_with("PUT "), is_manifest) {
            (true, true) if writes.fetch_add(1, Ordering::Relaxed) == 0 => {
                (503, String::new(), xml("ServiceUnavailable", "it is written all the same"))
            }
            (true, true) => (412, String::new(), xml("PreconditionFailed", "it is there")),
            (true, false) => (200, String::new(), Vec::new()),
            (false, true) if writes.load(Ordering::Relaxed) > 0 => {
                (200, String::new(), fs::read(&manifest).unwrap())
            }
            (false, _) => (404, String::new(), xml("NoSuchKey", "no")),
        }
    });
    let fargauge = server.fargauge().with("AWS_ENDPOINT_URL_S3", &s3.url);
    let work = work.path().to_str().unwrap();
    let finished = fargauge.run(&[
        "collect",
        "--out",
        "s3://acme/prod/{time}",
        "--work-dir",
        work,
        "--region",
        "eu-west-1",
        "--lookback",
        "2d",
    ]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(puts(&s3).last().unwrap().starts_with("PUT /acme/prod/latest"), "{:?}", puts(&s3));
}
