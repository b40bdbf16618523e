//! Traces as Parquet: utilization of machines in per cent, from anywhere.
//!
//! Takes the bytes of a file with the columns `series_id` (text or integers), `timestamp` (epoch seconds as
//! integers, or datetimes), `cpu_pct`, `mem_pct` and, where there are any, `cpu_max_pct`, `cpu_cores`,
//! `mem_kb_cap`; gives a [`Dataset`]. Other columns are ignored. Refuses files whose columns are missing or
//! of a type that is no number; what is wrong with single values is counted, not refused.

use std::{collections::BTreeMap, io::Cursor, ops::Range, panic::catch_unwind};

use polars::prelude::{
    ArrowDataType, ArrowTimeUnit, ChunkedArray, Column, DataFrame, DataType, Float64Type, ParquetReader,
    PolarsError, PolarsNumericType, SerReader as _,
};

use super::{FrameError, check_row_groups};
use crate::backtest::{DEFAULT_MEMORY_KIB, DEFAULT_VCPU, Dataset, TraceRow};

const SERIES_ID: &str = "series_id";
const TIMESTAMP: &str = "timestamp";
const CPU_PCT: &str = "cpu_pct";
const MEM_PCT: &str = "mem_pct";
const CPU_MAX_PCT: &str = "cpu_max_pct";
const CPU_CORES: &str = "cpu_cores";
const MEM_KB_CAP: &str = "mem_kb_cap";

/// Columns and whether a file must have them.
const COLUMNS: [(&str, bool); 7] = [
    (SERIES_ID, true),
    (TIMESTAMP, true),
    (CPU_PCT, true),
    (MEM_PCT, true),
    (CPU_MAX_PCT, false),
    (CPU_CORES, false),
    (MEM_KB_CAP, false),
];

/// The series of the traces in a Parquet file.
pub fn read_traces(bytes: &[u8]) -> Result<Dataset, FrameError> {
    // polars panics on some malformed files, and nobody has checked a checksum before us.
    catch_unwind(|| decode(bytes))
        .unwrap_or_else(|_| Err(FrameError::Traces("its structure is malformed".to_owned())))
}

fn decode(bytes: &[u8]) -> Result<Dataset, FrameError> {
    let refuse = |cause: PolarsError| FrameError::Traces(cause.to_string());
    let mut reader = ParquetReader::new(Cursor::new(bytes));
    reader.get_metadata().map_err(refuse)?;
    check_row_groups(&mut reader)?;
    let schema = reader.schema().map_err(refuse)?;
    let mut present = Vec::new();
    let mut ticks = None;
    for (name, needed) in COLUMNS {
        match schema.get(name) {
            Some(field) => {
                check_type(name, field.dtype())?;
                if name == TIMESTAMP {
                    ticks = ticks_per_second(field.dtype());
                }
                present.push(name.to_owned());
            }
            None if needed => return Err(FrameError::ColumnMissing(name)),
            None => {}
        }
    }
    let frame = reader.with_columns(Some(present)).finish().map_err(refuse)?;
    dataset(&frame, ticks.unwrap_or(1))
}

/// Units of a timestamp in a second; one where it is a plain integer.
fn ticks_per_second(found: &ArrowDataType) -> Option<i64> {
    match found {
        ArrowDataType::Timestamp(unit, _) => Some(match unit {
            // Seconds are read as milliseconds.
            ArrowTimeUnit::Second | ArrowTimeUnit::Millisecond => 1_000,
            ArrowTimeUnit::Microsecond => 1_000_000,
            ArrowTimeUnit::Nanosecond => 1_000_000_000,
        }),
        _ => None,
    }
}

fn check_type(column: &'static str, found: &ArrowDataType) -> Result<(), FrameError> {
    use ArrowDataType as T;
    let integer = matches!(found, T::Int32 | T::Int64 | T::UInt32 | T::UInt64);
    let (expected, fits) = match column {
        SERIES_ID => ("text or integers", integer || matches!(found, T::Utf8 | T::LargeUtf8 | T::Utf8View)),
        TIMESTAMP => {
            ("epoch seconds as integers, or datetimes", integer || matches!(found, T::Timestamp(..)))
        }
        // A column without a single value may come without a type.
        _ => ("numbers", integer || matches!(found, T::Float32 | T::Float64 | T::Null)),
    };
    if fits { Ok(()) } else { Err(FrameError::ColumnType { column, expected, found: format!("{found:?}") }) }
}

fn dataset(frame: &DataFrame, ticks: i64) -> Result<Dataset, FrameError> {
    let (by_series, without_series) = rows_by_series(&cast(frame, SERIES_ID, &DataType::String)?)?;
    let times = cast(frame, TIMESTAMP, &DataType::Int64)?;
    let times = Numbers::of(times.i64()?);
    let columns = [CPU_PCT, CPU_MAX_PCT, MEM_PCT, CPU_CORES, MEM_KB_CAP].map(|name| {
        let present = frame.get_column_index(name).is_some();
        present.then(|| cast(frame, name, &DataType::Float64)).transpose()
    });
    let doubles =
        |column: Result<Option<Column>, FrameError>| -> Result<Option<Numbers<Float64Type>>, FrameError> {
            Ok(column?.map(|column| column.f64().map(Numbers::of)).transpose()?)
        };
    let [cpu, cpu_max, memory, vcpu, memory_kib] = columns.map(doubles);
    let (cpu, cpu_max, memory, vcpu, memory_kib) = (cpu?, cpu_max?, memory?, vcpu?, memory_kib?);
    let value =
        |column: &Option<Numbers<Float64Type>>, row| column.as_ref().and_then(|column| column.get(row));
    // A column that is not there has the default; a row without a value in it has none.
    let capacity = |column: &Option<Numbers<Float64Type>>, row, default| match column {
        Some(column) => column.get(row),
        None => Some(default),
    };
    let row = |row| TraceRow {
        timestamp: times.get(row).map(|time| time.div_euclid(ticks)),
        cpu_percent: value(&cpu, row),
        cpu_max_percent: value(&cpu_max, row),
        memory_percent: value(&memory, row),
        vcpu: capacity(&vcpu, row, DEFAULT_VCPU),
        memory_kib: capacity(&memory_kib, row, DEFAULT_MEMORY_KIB),
    };
    Ok(Dataset::from_traces(by_series, without_series, row))
}

/// A column as another type; what has no value of that type is null.
fn cast(frame: &DataFrame, name: &str, to: &DataType) -> Result<Column, FrameError> {
    frame
        .column(name)
        .and_then(|column| column.cast(to))
        .map_err(|cause| FrameError::Traces(format!("column {name}: {cause}")))
}

/// Which rows are each series', and how many are nobody's.
fn rows_by_series(ids: &Column) -> Result<(BTreeMap<String, Vec<Range<usize>>>, u64), FrameError> {
    let mut by_series: BTreeMap<String, Vec<Range<usize>>> = BTreeMap::new();
    let mut without_series = 0;
    let mut run: Option<(&str, Range<usize>)> = None;
    let mut end = |run: Option<(&str, Range<usize>)>| {
        let Some((id, rows)) = run else { return };
        match by_series.get_mut(id) {
            Some(runs) => runs.push(rows),
            None => drop(by_series.insert(id.to_owned(), vec![rows])),
        }
    };
    let ids = ids.str()?;
    for (row, id) in ids.iter().enumerate() {
        match (&mut run, id) {
            (Some((of, rows)), Some(id)) if *of == id => rows.end = row + 1,
            (_, Some(id)) => end(run.replace((id, row..row + 1))),
            (_, None) => {
                without_series += 1;
                end(run.take());
            }
        }
    }
    end(run);
    Ok((by_series, without_series))
}

/// A column's numbers side by side, found by row.
struct Numbers<T: PolarsNumericType>(ChunkedArray<T>);

impl<T: PolarsNumericType> Numbers<T> {
    fn of(array: &ChunkedArray<T>) -> Self {
        Self(array.rechunk().into_owned())
    }

    /// `None` where the row has none.
    fn get(&self, row: usize) -> Option<T::Native> {
        self.0.get(row)
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::{IntoColumn as _, NamedFrom as _, ParquetWriter, Series, TimeUnit};

    use super::*;

    const HOURS: i64 = 30;

    /// Two machines of 30 hourly rows.
    fn columns() -> Vec<Column> {
        let rows = || 0..2 * HOURS;
        let ids: Vec<&str> = rows().map(|row| if row < HOURS { "b" } else { "a" }).collect();
        let times: Vec<i64> = rows().map(|row| row % HOURS * 3600).collect();
        let cpu: Vec<f32> = rows().map(|row| if row < HOURS { 10.0 } else { 20.0 }).collect();
        vec![
            Series::new(SERIES_ID.into(), ids).into_column(),
            Series::new(TIMESTAMP.into(), times).into_column(),
            Series::new(CPU_PCT.into(), cpu).into_column(),
            Series::new(MEM_PCT.into(), vec![50.0_f64; 60]).into_column(),
        ]
    }

    fn parquet(columns: Vec<Column>) -> Vec<u8> {
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes).finish(&mut DataFrame::new_infer_height(columns).unwrap()).unwrap();
        bytes
    }

    fn read_with(change: impl FnOnce(&mut Vec<Column>)) -> Result<Dataset, FrameError> {
        let mut columns = columns();
        change(&mut columns);
        read_traces(&parquet(columns))
    }

    #[test]
    fn rows_become_series_in_absolute_units() {
        let data = read_with(|_| ()).unwrap();
        let ids: Vec<&str> = data.series.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids, ["a", "b"]);
        assert_eq!(data.series[1].cpu_average.values()[0], 204_800, "10 % of the default of 2 vCPU");
        assert_eq!(data.series[0].memory.len(), 30);
        assert_eq!((data.input.rows, data.input.notes()), (60, vec![]));
    }

    #[test]
    fn every_documented_type_gives_the_same_data() {
        let plain = read_with(|_| ()).unwrap();
        let integers = read_with(|columns| {
            let ids: Vec<i64> = (0..60).map(|row| if row < 30 { 11 } else { 10 }).collect();
            columns[0] = Series::new(SERIES_ID.into(), ids).into_column();
            columns[1] = columns[1].cast(&DataType::Int32).unwrap();
            columns[3] = columns[3].cast(&DataType::Int64).unwrap();
        })
        .unwrap();
        assert_eq!(integers.series[0].id, "10");
        assert_eq!(integers.series[0].cpu_average, plain.series[0].cpu_average);
        assert_eq!(integers.series[0].memory, plain.series[0].memory);
        for (unit, ticks) in [
            (TimeUnit::Milliseconds, 1_000),
            (TimeUnit::Microseconds, 1_000_000),
            (TimeUnit::Nanoseconds, 1_000_000_000),
        ] {
            let datetimes = read_with(|columns| {
                let times = columns[1].i64().unwrap() * ticks;
                columns[1] = times.into_datetime(unit, None).into_column();
            })
            .unwrap();
            assert_eq!(datetimes, plain, "{unit:?}");
        }
    }

    #[test]
    fn rows_of_a_series_may_be_anywhere_and_columns_empty() {
        let data = read_with(|columns| {
            let ids: Vec<Option<&str>> = (0..60).map(|row| [Some("a"), Some("b"), None][row % 3]).collect();
            columns[0] = Series::new(SERIES_ID.into(), ids).into_column();
            columns[3] = Series::full_null(MEM_PCT.into(), 60, &DataType::Null).into_column();
        })
        .unwrap();
        assert_eq!((data.series.len(), data.input.without_key), (2, 20));
        assert!(data.series.iter().all(|one| one.memory.is_empty() && !one.cpu_average.is_empty()));
    }

    #[test]
    fn a_capacity_column_without_a_value_is_no_default() {
        let data = read_with(|columns| {
            let cores: Vec<Option<f64>> = (0..60).map(|row| (row < 30).then_some(4.0)).collect();
            columns.push(Series::new(CPU_CORES.into(), cores).into_column());
        })
        .unwrap();
        assert_eq!(data.series.len(), 1);
        assert_eq!(data.series[0].cpu_average.values()[0], 409_600);
        assert_eq!(data.input.left_out["no-capacity"], 1);
    }

    #[test]
    fn files_of_another_shape_are_refused_by_column() {
        let error = |change: fn(&mut Vec<Column>)| read_with(change).unwrap_err().to_string();
        for (place, column) in [(0, SERIES_ID), (1, TIMESTAMP), (2, CPU_PCT), (3, MEM_PCT)] {
            let missing = read_with(|columns| drop(columns.remove(place))).unwrap_err();
            assert_eq!(missing.to_string(), format!("column {column} is missing"));
        }
        assert_eq!(
            error(|columns| columns[2] = Series::new(CPU_PCT.into(), vec!["10"; 60]).into_column()),
            "column cpu_pct holds Utf8View, not numbers"
        );
        assert_eq!(
            error(|columns| columns[1] = Series::new(TIMESTAMP.into(), vec![0.5; 60]).into_column()),
            "column timestamp holds Float64, not epoch seconds as integers, or datetimes"
        );
        assert_eq!(
            error(|columns| columns[0] = Series::new(SERIES_ID.into(), vec![true; 60]).into_column()),
            "column series_id holds Boolean, not text or integers"
        );
    }

    #[test]
    fn what_is_not_parquet_or_damaged_is_refused_without_a_panic() {
        for bytes in [&b""[..], b"PAR1", b"series_id,timestamp\n1,2\n"] {
            assert!(matches!(read_traces(bytes), Err(FrameError::Traces(_))));
        }
        let whole = parquet(columns());
        for length in (0..whole.len()).step_by(7) {
            read_traces(&whole[..length]).unwrap_err();
        }
        let no_rows = parquet(columns().iter().map(|column| column.head(Some(0))).collect());
        assert_eq!(read_traces(&no_rows).unwrap(), Dataset::default());
    }
}
