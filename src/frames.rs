//! Utilization as Parquet: the one place that knows polars.
//!
//! Takes [`Series`] sorted by workload and time, gives the bytes of a Parquet file (zstd), and the
//! way back. Refuses columns that are not the format's, nulls and disorder in the key columns, and
//! numbers that are no numbers. Knows nothing of files: whoever calls names them, and has compared
//! their checksums before they are decoded here.
//!
//! A part is decoded on the caller's thread alone, because callers read parts side by side.

mod traces;

use std::{io::Cursor, panic::catch_unwind};

use polars::prelude::{
    ArrowDataType, ArrowTimeUnit, ChunkedArray, DataFrame, Float64Chunked, Int64Chunked, IntoColumn as _,
    NewChunkedArray as _, ParallelStrategy, ParquetCompression, ParquetReader, ParquetWriter, PolarsError,
    PolarsNumericType, SerReader as _, TimeUnit, TimeZone, UInt32Chunked,
};

pub use traces::{Traces, read_traces};

use crate::utilization::{Point, Series};

const WORKLOAD_ID: &str = "workload_id";
const TIMESTAMP: &str = "timestamp";
const CPU_AVG: &str = "cpu_avg";
const CPU_MAX: &str = "cpu_max";
const CPU_SAMPLES: &str = "cpu_samples";
const MEM_AVG: &str = "mem_avg";
const MEM_MAX: &str = "mem_max";
const LIVE_TASKS: &str = "live_tasks";

const COLUMNS: [&str; 8] =
    [WORKLOAD_ID, TIMESTAMP, CPU_AVG, CPU_MAX, CPU_SAMPLES, MEM_AVG, MEM_MAX, LIVE_TASKS];

const MILLIS_PER_SECOND: i64 = 1000;

/// Rows that one file may have. Bounds the memory that reading a part takes, whatever it claims.
const MAX_ROWS: usize = 1 << 24;

/// Why series cannot be written as Parquet, or Parquet not read as series. Names the place; the
/// caller names the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("not a Parquet file of utilization: {0}")]
    Parquet(String),
    #[error("not a Parquet file of traces: {0}")]
    Traces(String),
    #[error("column {0} is missing")]
    ColumnMissing(&'static str),
    #[error("column {0} is not one of utilization's")]
    ColumnUnknown(String),
    #[error("column {column} holds {found}, not {expected}")]
    ColumnType { column: &'static str, expected: &'static str, found: String },
    /// Rows count from 0.
    #[error("row {row}, column {column}: {problem}")]
    Row { row: usize, column: &'static str, problem: &'static str },
    #[error("{0} rows are more than the {MAX_ROWS} that one file may have")]
    TooManyRows(usize),
    #[error("workload {workload_id}: {problem}")]
    Series { workload_id: u32, problem: &'static str },
}

impl From<PolarsError> for FrameError {
    fn from(error: PolarsError) -> Self {
        Self::Parquet(error.to_string())
    }
}

/// The Parquet file that holds `series`, which must be sorted by workload, each once, and by time.
/// The same series give the same bytes. A series without points leaves no trace.
pub fn series_to_parquet(series: &[Series]) -> Result<Vec<u8>, FrameError> {
    check_writable(series)?;
    let rows = series.iter().map(|one| one.points.len()).sum();
    check_rows(rows)?;
    let mut ids = Vec::with_capacity(rows);
    let mut millis = Vec::with_capacity(rows);
    for one in series {
        for point in &one.points {
            ids.push(one.workload_id);
            millis.push(point.timestamp.checked_mul(MILLIS_PER_SECOND).ok_or(FrameError::Series {
                workload_id: one.workload_id,
                problem: "a timestamp is beyond what milliseconds can hold",
            })?);
        }
    }
    let points = || series.iter().flat_map(|one| &one.points);
    let numbers = |name: &str, of: fn(&Point) -> Option<u32>| {
        UInt32Chunked::from_iter_options(name.into(), points().map(of)).into_column()
    };
    let columns = vec![
        UInt32Chunked::from_vec(WORKLOAD_ID.into(), ids).into_column(),
        Int64Chunked::from_vec(TIMESTAMP.into(), millis)
            .into_datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC))
            .into_column(),
        numbers(CPU_AVG, |point| point.cpu_avg),
        numbers(CPU_MAX, |point| point.cpu_max),
        numbers(CPU_SAMPLES, |point| point.cpu_samples),
        numbers(MEM_AVG, |point| point.mem_avg),
        numbers(MEM_MAX, |point| point.mem_max),
        Float64Chunked::from_iter_options(LIVE_TASKS.into(), points().map(|point| point.live_tasks))
            .into_column(),
    ];
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Zstd(None))
        .set_parallel(false)
        .finish(&mut DataFrame::new(rows, columns)?)?;
    Ok(bytes)
}

fn check_rows(rows: usize) -> Result<(), FrameError> {
    if rows > MAX_ROWS { Err(FrameError::TooManyRows(rows)) } else { Ok(()) }
}

fn check_writable(series: &[Series]) -> Result<(), FrameError> {
    let refuse = |one: &Series, problem| Err(FrameError::Series { workload_id: one.workload_id, problem });
    for (index, one) in series.iter().enumerate() {
        if index > 0 && series[index - 1].workload_id >= one.workload_id {
            return refuse(one, "series must be sorted by workload, each workload once");
        }
        if !one.points.is_sorted_by(|earlier, later| earlier.timestamp < later.timestamp) {
            return refuse(one, "points must be sorted by time, each time once");
        }
        if one.points.iter().any(|point| point.live_tasks.is_some_and(|tasks| !tasks.is_finite())) {
            return refuse(one, "live_tasks must be a finite number or none");
        }
    }
    Ok(())
}

/// The series that a Parquet file holds, sorted by workload, then time.
pub fn series_from_parquet(bytes: &[u8]) -> Result<Vec<Series>, FrameError> {
    // polars panics on some malformed files. Checksums keep damaged ones away from here, but not one
    // that was written malformed.
    catch_unwind(|| decode(bytes))
        .unwrap_or_else(|_| Err(FrameError::Parquet("its structure is malformed".to_owned())))
}

fn decode(bytes: &[u8]) -> Result<Vec<Series>, FrameError> {
    let mut reader = ParquetReader::new(Cursor::new(bytes)).read_parallel(ParallelStrategy::None);
    let groups = &reader.get_metadata()?.row_groups;
    check_rows(groups.iter().fold(0, |rows, group| rows.saturating_add(group.num_rows())))?;
    check_row_groups(&mut reader)?;
    let schema = reader.schema()?;
    for (name, field) in schema.iter() {
        check_column(name, field.dtype())?;
    }
    if let Some(missing) = COLUMNS.into_iter().find(|name| !schema.contains(name)) {
        return Err(FrameError::ColumnMissing(missing));
    }
    series_from_frame(&reader.finish()?)
}

/// Refuses what polars would panic on.
fn check_row_groups(reader: &mut ParquetReader<Cursor<&[u8]>>) -> Result<(), FrameError> {
    for group in &reader.get_metadata()?.row_groups {
        let rows = i64::try_from(group.num_rows());
        if group.parquet_columns().iter().any(|chunk| rows != Ok(chunk.num_values())) {
            return Err(FrameError::Parquet("its columns are not equally long".to_owned()));
        }
    }
    Ok(())
}

fn check_column(name: &str, found: &ArrowDataType) -> Result<(), FrameError> {
    let column = COLUMNS
        .into_iter()
        .find(|column| *column == name)
        .ok_or_else(|| FrameError::ColumnUnknown(name.to_owned()))?;
    let (expected, fits) = match column {
        TIMESTAMP => (
            "UTC timestamps in milliseconds",
            matches!(found, ArrowDataType::Timestamp(ArrowTimeUnit::Millisecond, Some(zone))
                if zone == "UTC" || zone == "+00:00"),
        ),
        LIVE_TASKS => ("doubles", *found == ArrowDataType::Float64),
        _ => ("unsigned 32-bit integers", *found == ArrowDataType::UInt32),
    };
    if fits { Ok(()) } else { Err(FrameError::ColumnType { column, expected, found: format!("{found:?}") }) }
}

fn series_from_frame(frame: &DataFrame) -> Result<Vec<Series>, FrameError> {
    let column = |name| frame.column(name).map_err(FrameError::from);
    let numbers = |name| -> Result<_, FrameError> { Ok(optional(column(name)?.u32()?)) };
    for name in COLUMNS {
        if column(name)?.len() != frame.height() {
            return Err(FrameError::Parquet(format!("column {name} is not as long as the others")));
        }
    }
    let workloads = runs(column(WORKLOAD_ID)?.u32()?)?;
    let mut millis = required(column(TIMESTAMP)?.datetime()?.physical(), TIMESTAMP)?;
    let mut cpu_avg = numbers(CPU_AVG)?;
    let mut cpu_max = numbers(CPU_MAX)?;
    let mut cpu_samples = numbers(CPU_SAMPLES)?;
    let mut mem_avg = numbers(MEM_AVG)?;
    let mut mem_max = numbers(MEM_MAX)?;
    let mut live_tasks = optional(column(LIVE_TASKS)?.f64()?);

    let mut row = 0;
    let mut all = Vec::with_capacity(workloads.len());
    for (workload_id, rows) in workloads {
        let mut points: Vec<Point> = Vec::with_capacity(rows);
        for _ in 0..rows {
            let refuse = |column, problem| FrameError::Row { row, column, problem };
            let millis = millis.next().ok_or_else(|| refuse(TIMESTAMP, "the column ends here"))?;
            if millis % MILLIS_PER_SECOND != 0 {
                return Err(refuse(TIMESTAMP, "not a whole second"));
            }
            let timestamp = millis / MILLIS_PER_SECOND;
            if points.last().is_some_and(|earlier| earlier.timestamp >= timestamp) {
                return Err(refuse(TIMESTAMP, "not later than the row before"));
            }
            let live_tasks = live_tasks.next().flatten();
            if live_tasks.is_some_and(|tasks| !tasks.is_finite()) {
                return Err(refuse(LIVE_TASKS, "not a finite number"));
            }
            points.push(Point {
                timestamp,
                cpu_avg: cpu_avg.next().flatten(),
                cpu_max: cpu_max.next().flatten(),
                cpu_samples: cpu_samples.next().flatten(),
                mem_avg: mem_avg.next().flatten(),
                mem_max: mem_max.next().flatten(),
                live_tasks,
            });
            row += 1;
        }
        all.push(Series { workload_id, points });
    }
    Ok(all)
}

/// The workloads in the order met, with their numbers of rows.
fn runs(ids: &UInt32Chunked) -> Result<Vec<(u32, usize)>, FrameError> {
    let mut runs: Vec<(u32, usize)> = Vec::new();
    for (row, id) in required(ids, WORKLOAD_ID)?.enumerate() {
        match runs.last_mut() {
            Some((last, rows)) if *last == id => *rows += 1,
            Some((last, _)) if *last > id => {
                let problem = "smaller than in the row before, but rows are sorted by workload";
                return Err(FrameError::Row { row, column: WORKLOAD_ID, problem });
            }
            _ => runs.push((id, 1)),
        }
    }
    Ok(runs)
}

/// The values of a key column, which has no nulls.
fn required<T: PolarsNumericType>(
    array: &ChunkedArray<T>,
    column: &'static str,
) -> Result<impl Iterator<Item = T::Native>, FrameError> {
    if let Some(row) = optional(array).position(|value| value.is_none()) {
        return Err(FrameError::Row { row, column, problem: "null in a column that has none" });
    }
    Ok(array.downcast_iter().flat_map(|chunk| chunk.values().iter().copied()))
}

fn optional<T: PolarsNumericType>(array: &ChunkedArray<T>) -> impl Iterator<Item = Option<T::Native>> {
    array.downcast_iter().flat_map(|chunk| chunk.iter().map(Option::<&T::Native>::copied))
}

#[cfg(test)]
pub(crate) mod tests {
    use polars::prelude::{IntoSeries as _, NamedFrom as _, PlSmallStr};
    use proptest::{collection::vec, option, prelude::*};

    use super::*;

    fn point(timestamp: i64) -> Point {
        Point {
            timestamp,
            cpu_avg: Some(1_234),
            cpu_max: Some(10_250),
            cpu_samples: Some(10),
            mem_avg: None,
            mem_max: Some(u32::MAX),
            live_tasks: Some(2.5),
        }
    }

    fn two_workloads() -> Vec<Series> {
        vec![
            Series {
                workload_id: 0,
                points: vec![point(-300), Point { timestamp: 0, ..Point::default() }, point(300)],
            },
            Series { workload_id: 7, points: vec![point(0)] },
        ]
    }

    prop_compose! {
        fn any_point()(
            gap in 1_i64..100_000,
            cpu_avg: Option<u32>,
            cpu_max: Option<u32>,
            cpu_samples: Option<u32>,
            mem_avg: Option<u32>,
            mem_max: Option<u32>,
            live_tasks in option::of(-1e9..1e9_f64),
        ) -> (i64, Point) {
            (gap, Point { timestamp: 0, cpu_avg, cpu_max, cpu_samples, mem_avg, mem_max, live_tasks })
        }
    }

    prop_compose! {
        /// Series as `collect` makes them, of workloads below `workloads`.
        pub(crate) fn any_series(workloads: u32)(
            start in -4_000_000_000_i64..4_000_000_000,
            series in vec((any::<bool>(), vec(any_point(), 1..20)), 0..=workloads as usize),
        ) -> Vec<Series> {
            (0..)
                .zip(series)
                .filter(|(_, (present, _))| *present)
                .map(|(workload_id, (_, points))| {
                    let mut timestamp = start;
                    let points = points.into_iter().map(|(gap, point)| {
                        timestamp += gap;
                        Point { timestamp, ..point }
                    });
                    Series { workload_id, points: points.collect() }
                })
                .collect()
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(series in any_series(6)) {
            let bytes = series_to_parquet(&series).unwrap();
            prop_assert_eq!(&bytes, &series_to_parquet(&series).unwrap());
            prop_assert_eq!(series_from_parquet(&bytes).unwrap(), series);
        }
    }

    /// polars panics on some of these. The pages are left whole: there it goes by the lengths it finds
    /// and may run out of memory, so that damage in them is the checksum's to catch.
    #[test]
    fn a_damaged_footer_never_panics() {
        let whole = series_to_parquet(&two_workloads()).unwrap();
        let length_at = whole.len() - 8;
        let length = u32::from_le_bytes(whole[length_at..length_at + 4].try_into().unwrap());
        for place in length_at - length as usize..whole.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[place] ^= flip;
                // Some damage changes nothing that can be seen; what is read must still be in order.
                if let Ok(read) = series_from_parquet(&bytes) {
                    check_writable(&read).unwrap();
                }
            }
        }
        for length in 0..whole.len() {
            series_from_parquet(&whole[..length]).unwrap_err();
        }
    }

    #[test]
    fn more_rows_than_a_row_group_holds_are_read_back() {
        let series: Vec<Series> = (0..6)
            .map(|workload_id| Series { workload_id, points: (0..100_000).map(|i| point(i * 60)).collect() })
            .collect();
        let bytes = series_to_parquet(&series).unwrap();
        let mut reader = ParquetReader::new(Cursor::new(&bytes));
        assert!(reader.get_metadata().unwrap().row_groups.len() > 1, "the case this test is for");
        assert!(series_from_parquet(&bytes).unwrap() == series);
    }

    #[test]
    fn the_columns_are_those_of_the_format() {
        let bytes = series_to_parquet(&two_workloads()).unwrap();
        let mut reader = ParquetReader::new(Cursor::new(&bytes));
        let metadata = reader.get_metadata().unwrap();
        let columns: Vec<_> = metadata.schema().fields().iter().map(|column| format!("{column:?}")).collect();
        assert_eq!(columns.len(), COLUMNS.len());
        for (column, name) in columns.iter().zip(COLUMNS) {
            assert!(column.contains(&format!("\"{name}\"")), "{column}");
        }
        assert!(columns[0].contains("UInt32"), "{}", columns[0]);
        assert!(columns[1].contains("is_adjusted_to_utc: true"), "{}", columns[1]);
        assert!(columns[1].contains("Milliseconds"), "{}", columns[1]);
        assert!(columns[7].contains("Double"), "{}", columns[7]);
    }

    #[test]
    fn no_series_and_no_points_are_an_empty_file() {
        for series in [vec![], vec![Series { workload_id: 3, points: vec![] }]] {
            let bytes = series_to_parquet(&series).unwrap();
            assert_eq!(series_from_parquet(&bytes).unwrap(), []);
        }
    }

    #[test]
    fn disorder_is_not_written() {
        let with = |change: fn(&mut Vec<Series>)| {
            let mut series = two_workloads();
            change(&mut series);
            series_to_parquet(&series).unwrap_err().to_string()
        };
        let workloads = "series must be sorted by workload, each workload once";
        let points = "points must be sorted by time, each time once";
        assert_eq!(with(|series| series.reverse()), format!("workload 0: {workloads}"));
        assert_eq!(with(|series| series[1].workload_id = 0), format!("workload 0: {workloads}"));
        assert_eq!(with(|series| series[0].points.reverse()), format!("workload 0: {points}"));
        assert_eq!(with(|series| series[0].points[1].timestamp = 300), format!("workload 0: {points}"));
        assert_eq!(
            with(|series| series[1].points[0].live_tasks = Some(f64::NAN)),
            "workload 7: live_tasks must be a finite number or none"
        );
        assert_eq!(
            with(|series| series[1].points[0].timestamp = i64::MAX),
            "workload 7: a timestamp is beyond what milliseconds can hold"
        );
    }

    /// The error that reading a file gives whose columns were changed.
    fn error_of(change: impl FnOnce(&mut Vec<polars::prelude::Column>)) -> String {
        let bytes = series_to_parquet(&two_workloads()).unwrap();
        let mut columns = ParquetReader::new(Cursor::new(bytes)).finish().unwrap().into_columns();
        change(&mut columns);
        let mut changed = Vec::new();
        let mut frame = DataFrame::new_infer_height(columns).unwrap();
        ParquetWriter::new(&mut changed).finish(&mut frame).unwrap();
        series_from_parquet(&changed).unwrap_err().to_string()
    }

    fn times(millis: [Option<i64>; 4]) -> Int64Chunked {
        Int64Chunked::from_iter_options(TIMESTAMP.into(), millis.into_iter())
    }

    #[test]
    fn files_of_another_shape_are_refused_by_column() {
        assert_eq!(error_of(|columns| drop(columns.remove(3))), "column cpu_max is missing");
        assert_eq!(
            error_of(|columns| {
                columns[3].rename(PlSmallStr::from_static("cpu_p99"));
            }),
            "column cpu_p99 is not one of utilization's"
        );
        assert_eq!(
            error_of(|columns| {
                columns[2] = polars::prelude::Series::new(CPU_AVG.into(), [1.5; 4]).into_column();
            }),
            "column cpu_avg holds Float64, not unsigned 32-bit integers"
        );
        let error = error_of(|columns| {
            let naive = times([Some(0); 4]).into_datetime(TimeUnit::Milliseconds, None);
            columns[1] = naive.into_series().into_column();
        });
        assert!(error.starts_with("column timestamp holds Timestamp"), "{error}");
    }

    #[test]
    fn rows_out_of_order_are_refused_by_row() {
        let ids = |ids: [Option<u32>; 4]| {
            error_of(move |columns| {
                columns[0] =
                    UInt32Chunked::from_iter_options(WORKLOAD_ID.into(), ids.into_iter()).into_column();
            })
        };
        assert_eq!(
            ids([Some(1), Some(2), Some(1), Some(3)]),
            "row 2, column workload_id: smaller than in the row before, but rows are sorted by workload"
        );
        assert_eq!(
            ids([Some(1), None, Some(1), Some(3)]),
            "row 1, column workload_id: null in a column that has none"
        );
        let millis = |millis: [Option<i64>; 4]| {
            error_of(move |columns| {
                let times = times(millis).into_datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC));
                columns[1] = times.into_column();
            })
        };
        assert_eq!(
            millis([Some(0), Some(60_000), Some(60_000), Some(0)]),
            "row 2, column timestamp: not later than the row before"
        );
        assert_eq!(
            millis([Some(0), Some(60_001), Some(61_000), Some(0)]),
            "row 1, column timestamp: not a whole second"
        );
        assert_eq!(
            millis([Some(0), Some(60_000), Some(120_000), None]),
            "row 3, column timestamp: null in a column that has none"
        );
        assert_eq!(
            error_of(|columns| {
                columns[7] =
                    Float64Chunked::from_vec(LIVE_TASKS.into(), vec![1.0, f64::NAN, 1.0, 1.0]).into_column();
            }),
            "row 1, column live_tasks: not a finite number"
        );
    }

    #[test]
    fn bytes_that_are_not_parquet_are_refused() {
        for bytes in [&b""[..], b"PAR1", b"workload_id,timestamp\n1,2\n"] {
            assert!(matches!(series_from_parquet(bytes), Err(FrameError::Parquet(_))));
        }
    }
}
