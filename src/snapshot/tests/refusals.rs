use super::*;

fn message<T>(result: Result<T, SnapshotError>, folder: &Path) -> String {
    match result {
        Ok(_) => panic!("nothing was refused"),
        Err(error) => error.to_string().replace(folder.to_str().unwrap(), "FOLDER"),
    }
}

#[test]
fn folders_that_are_no_snapshot_are_not_opened() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("snapshot");
    let open = || message(Snapshot::open(&folder), &folder);
    assert_eq!(open(), "FOLDER: no such folder; name one that `fargauge collect --out` wrote");
    fs::write(&folder, "a file").unwrap();
    assert_eq!(open(), "FOLDER: no such folder; name one that `fargauge collect --out` wrote");
    fs::remove_file(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    assert!(
        open().starts_with("FOLDER is not a snapshot: it holds no manifest.json; name a folder"),
        "{}",
        open()
    );
}

#[test]
fn an_interrupted_collect_is_neither_read_nor_begun_anew() {
    let collected = Collected::sample();
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("snapshot");
    let mut writer = SnapshotWriter::create(&folder).unwrap();
    writer.begin(&collected.request, collected.window, &collected.scopes, &collected.inventory, &[]).unwrap();
    drop(writer);
    let expected =
        "FOLDER holds an interrupted collect, not a snapshot; run the same collect again to continue it";
    assert_eq!(message(Snapshot::open(&folder), &folder), expected);
    assert_eq!(message(SnapshotWriter::create(&folder), &folder), expected);
}

#[test]
fn there_is_nothing_to_resume_in_a_folder_that_is_absent_or_empty() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("deep/snapshot");
    assert!(SnapshotWriter::resume(&folder).unwrap().is_none());
    assert!(!folder.exists(), "asking creates nothing");
    drop(SnapshotWriter::create(&folder).unwrap());
    assert!(SnapshotWriter::resume(&folder).unwrap().is_none());
    SnapshotWriter::create(&folder).unwrap();
}

#[test]
fn a_complete_snapshot_is_never_written_to() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("snapshot");
    Collected::sample().collect_into(&folder).unwrap();
    let before = files_of(&folder);
    let expected = "FOLDER holds a complete snapshot, which is never overwritten; name another folder, or remove \
                    this one";
    assert_eq!(message(SnapshotWriter::create(&folder), &folder), expected);
    assert_eq!(message(SnapshotWriter::resume(&folder), &folder), expected);
    assert_eq!(files_of(&folder), before);
}

#[test]
fn foreign_files_are_left_alone() {
    for file in ["inventory.json", "notes.txt", ".notes.partial"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(file), "mine").unwrap();
        let before = files_of(folder.path());
        let expected = format!(
            "FOLDER holds `{file}`, which no interrupted collect left; name a folder that is new or empty"
        );
        assert_eq!(message(SnapshotWriter::create(folder.path()), folder.path()), expected);
        assert_eq!(message(SnapshotWriter::resume(folder.path()), folder.path()), expected);
        assert_eq!(files_of(folder.path()), before);
    }
}

#[cfg(unix)]
#[test]
fn two_collects_do_not_write_to_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let writer = SnapshotWriter::create(folder.path()).unwrap();
    let expected = "another fargauge is writing to FOLDER; wait for it, or name another folder";
    assert_eq!(message(SnapshotWriter::create(folder.path()), folder.path()), expected);
    assert_eq!(message(SnapshotWriter::resume(folder.path()), folder.path()), expected);
    drop(writer);
    SnapshotWriter::create(folder.path()).unwrap();
}

#[test]
fn a_damaged_state_or_inventory_is_refused_and_nothing_is_removed() {
    let collected = Collected::sample();
    for file in ["collect-state.json", "inventory.json"] {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = SnapshotWriter::create(folder.path()).unwrap();
        writer
            .begin(&collected.request, collected.window, &collected.scopes, &collected.inventory, &[])
            .unwrap();
        let (name, series, gaps) = &collected.parts[0];
        writer.write_part(name, series, gaps).unwrap();
        drop(writer);
        let path = folder.path().join(file);
        let edited = fs::read_to_string(&path).unwrap().replace("eu-west-1", "eu-west-2");
        fs::write(&path, edited).unwrap();
        let before = files_of(folder.path());
        let error = message(SnapshotWriter::resume(folder.path()), folder.path());
        assert!(error.starts_with(&format!("FOLDER/{file} is not what was written")), "{error}");
        assert_eq!(files_of(folder.path()), before);
    }
}

#[test]
fn what_cannot_be_read_back_is_not_written() {
    let collected = Collected::sample();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut writer = SnapshotWriter::create(folder).unwrap();
    let series = &collected.parts[0].1;
    assert_eq!(
        message(writer.write_part("part-00000", series, &[]), folder),
        "cannot write FOLDER/utilization/part-00000.parquet: the collect has not begun"
    );
    let begin = |writer: &mut SnapshotWriter, inventory: &Inventory| {
        writer.begin(&collected.request, collected.window, &collected.scopes, inventory, &[])
    };
    let mut misnumbered = collected.inventory.clone();
    misnumbered.workloads.remove(0);
    assert!(message(begin(&mut writer, &misnumbered), folder).starts_with(
        "cannot write FOLDER/inventory.json: workload 111122223333/eu-west-1/prod/service-0001"
    ));
    begin(&mut writer, &collected.inventory).unwrap();
    assert_eq!(
        message(begin(&mut writer, &collected.inventory), folder),
        "cannot write FOLDER/inventory.json: the collect has begun already"
    );
    assert_eq!(
        message(writer.write_part("../part", series, &[]), folder),
        "cannot write FOLDER/utilization/../part.parquet: a part's name is letters, digits, `-` and `_`"
    );
    let unknown = [Series { workload_id: 4, points: vec![] }];
    assert_eq!(
        message(writer.write_part("part-00000", &unknown, &[]), folder),
        "cannot write FOLDER/utilization/part-00000.parquet: inventory.json has no workload 4"
    );
    let unsorted: Vec<Series> = series.iter().rev().cloned().collect();
    assert!(
        message(writer.write_part("part-00000", &unsorted, &[]), folder)
            .ends_with("sorted by workload, each workload once")
    );
    writer.write_part("part-00000", series, &[]).unwrap();
    assert_eq!(
        message(writer.write_part("part-00000", series, &[]), folder),
        "cannot write FOLDER/utilization/part-00000.parquet: it is written already"
    );
    writer.finish().unwrap();
    assert_eq!(read_all(folder).unwrap().2, *series);
}
