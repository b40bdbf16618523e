use proptest::prelude::*;

use super::*;
use crate::snapshot::durable::kill;

/// Collects into `folder`, stopped as by a kill after `steps` changes to the disk. Whether it ended.
fn collect_until_killed(collected: &Collected, folder: &Path, steps: usize) -> bool {
    kill::after(Some(steps));
    let result = collected.collect_into(folder);
    kill::after(None);
    result.is_ok()
}

/// A stopped collect is refused as a snapshot, or is one already, and whole.
fn assert_resumable_or_complete(collected: &Collected, folder: &Path) {
    match read_all(folder) {
        Ok((_, inventory, series)) => {
            assert_eq!(inventory, collected.inventory);
            assert_eq!(series, collected.all_series());
        }
        Err(
            SnapshotError::NoFolder { .. }
            | SnapshotError::NotASnapshot { .. }
            | SnapshotError::Interrupted { .. },
        ) => {}
        Err(error) => panic!("neither resumable nor complete: {error}"),
    }
}

fn uninterrupted(collected: &Collected) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    collected.collect_into(folder.path()).unwrap();
    files_of(folder.path())
}

#[test]
fn a_kill_at_any_step_leaves_what_resumes_to_the_same_bytes() {
    let collected = Collected::sample();
    let expected = uninterrupted(&collected);
    for steps in 0.. {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("snapshot");
        let ended = collect_until_killed(&collected, &folder, steps);
        assert_resumable_or_complete(&collected, &folder);
        collected.collect_into(&folder).unwrap();
        assert_eq!(files_of(&folder), expected, "killed after {steps} steps");
        if ended {
            // The folder; 3 steps each for two parts, their states, inventory, state, manifest; the
            // folder of the parts; removing the state.
            assert_eq!(steps, 1 + 3 * 7 + 1 + 1);
            break;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn kills_while_resuming_leave_what_resumes_to_the_same_bytes(
        kills in prop::collection::vec(0..24_usize, 1..6),
        damaged: Option<bool>,
    ) {
        let collected = Collected::sample();
        let expected = uninterrupted(&collected);
        let folder = tempfile::tempdir().unwrap();
        for steps in kills {
            collect_until_killed(&collected, folder.path(), steps);
            assert_resumable_or_complete(&collected, folder.path());
            // A disk may also lose part of what it was given, as long as the collect has not ended.
            if let Some(cut) = damaged && !folder.path().join("manifest.json").exists() {
                let part = folder.path().join("utilization/part-00000.parquet");
                if part.exists() && cut {
                    fs::write(part, "cut").unwrap();
                } else if part.exists() {
                    fs::remove_file(part).unwrap();
                }
            }
        }
        collected.collect_into(folder.path()).unwrap();
        prop_assert_eq!(files_of(folder.path()), expected);
    }
}

/// Collects until the first part is recorded.
fn with_one_part(collected: &Collected, folder: &Path) {
    let mut writer = SnapshotWriter::create(folder).unwrap();
    writer.begin(&collected.request, collected.window, &collected.scopes, &collected.inventory, &[]).unwrap();
    let (name, series, gaps) = &collected.parts[0];
    writer.write_part(name, series, gaps).unwrap();
}

#[test]
fn what_is_done_is_known_when_it_goes_on() {
    let collected = Collected::sample();
    let folder = tempfile::tempdir().unwrap();
    with_one_part(&collected, folder.path());
    let (writer, state) = SnapshotWriter::resume(folder.path()).unwrap().unwrap();
    assert_eq!(state.request, collected.request);
    assert_eq!(state.parts.keys().collect::<Vec<_>>(), ["part-00000"]);
    assert_eq!(state.gaps, collected.parts[0].2);
    assert!(writer.is_written("part-00000") && !writer.is_written("part-00001"));
}

#[test]
fn a_damaged_part_is_pulled_again_and_its_gaps_forgotten() {
    let collected = Collected::sample();
    let folder = tempfile::tempdir().unwrap();
    with_one_part(&collected, folder.path());
    let part = folder.path().join("utilization/part-00000.parquet");
    let mut bytes = fs::read(&part).unwrap();
    bytes[40] ^= 1;
    fs::write(&part, bytes).unwrap();
    let (writer, state) = SnapshotWriter::resume(folder.path()).unwrap().unwrap();
    assert!(!writer.is_written("part-00000"));
    assert!(!part.exists());
    assert_eq!((state.parts, state.gaps), (BTreeMap::new(), vec![]));
}

#[test]
fn leftovers_are_removed_and_other_files_are_left_alone() {
    let collected = Collected::sample();
    let folder = tempfile::tempdir().unwrap();
    with_one_part(&collected, folder.path());
    let leftovers = [
        "utilization/.part-00001.parquet.partial",
        "utilization/part-00007.parquet",
        ".manifest.json.partial",
    ];
    let others = ["utilization/notes.txt", "notes.txt", "utilization/.other.partial"];
    for file in leftovers.iter().chain(&others) {
        fs::write(folder.path().join(file), "half").unwrap();
    }
    SnapshotWriter::resume(folder.path()).unwrap().unwrap();
    assert_eq!(leftovers.map(|file| folder.path().join(file).exists()), [false; 3]);
    assert_eq!(others.map(|file| folder.path().join(file).exists()), [true; 3]);
}
