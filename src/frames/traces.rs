//! Traces as Parquet: utilization of machines in per cent, from anywhere.
//!
//! Takes the bytes of a file with the columns `series_id` (text or integers), `timestamp` (epoch seconds as
//! integers, or datetimes), `cpu_pct`, `mem_pct` and, where there are any, `cpu_max_pct`, `cpu_cores`,
//! `mem_kb_cap`; gives [`Traces`], rows found by series. Other columns are ignored. Refuses files whose columns are missing or
//! of a type that is no number; what is wrong with single values is counted, not refused.

use std::{collections::BTreeMap, io::Cursor, ops::Range, panic::catch_unwind};

use polars::prelude::{
    ArrowDataType, ArrowTimeUnit, ChunkedArray, Column, DataFrame, DataType, Float64Type, Int64Type,
    ParquetReader, PolarsError, PolarsNumericType, SerReader as _,
};

use super::{FrameError, check_row_groups};
use crate::utilization::{DEFAULT_MEMORY_KIB, DEFAULT_VCPU, TraceRow};

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

/// The traces of a file, column by column.
pub struct Traces {
    /// The rows of each series, in the file's order.
    pub by_series: BTreeMap<String, Vec<Range<usize>>>,
    /// Rows that name no series.
    pub without_series: u64,
    times: Numbers<Int64Type>,
    /// Units of `times` in a second.
    ticks: i64,
    cpu: Option<Doubles>,
    cpu_max: Option<Doubles>,
    memory: Option<Doubles>,
    vcpu: Option<Doubles>,
    memory_kib: Option<Doubles>,
}

impl std::fmt::Debug for Traces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Traces").field("series", &self.by_series.len()).finish_non_exhaustive()
    }
}

impl Traces {
    /// What a row holds. A capacity whose column the file does not have is the default; one that is empty
    /// in this row is none.
    pub fn row(&self, row: usize) -> TraceRow {
        let value = |column: &Option<Doubles>| column.as_ref().and_then(|column| column.get(row));
        let capacity = |column: &Option<Doubles>, default| match column {
            Some(column) => column.get(row),
            None => Some(default),
        };
        TraceRow {
            timestamp: self.times.get(row).map(|time| time.div_euclid(self.ticks)),
            cpu_percent: value(&self.cpu),
            cpu_max_percent: value(&self.cpu_max),
            memory_percent: value(&self.memory),
            vcpu: capacity(&self.vcpu, DEFAULT_VCPU),
            memory_kib: capacity(&self.memory_kib, DEFAULT_MEMORY_KIB),
        }
    }
}

/// The traces in a Parquet file.
pub fn read_traces(bytes: &[u8]) -> Result<Traces, FrameError> {
    // polars panics on some malformed files, and nobody has checked a checksum before us.
    catch_unwind(|| decode(bytes))
        .unwrap_or_else(|_| Err(FrameError::Traces("its structure is malformed".to_owned())))
}

fn decode(bytes: &[u8]) -> Result<Traces, FrameError> {
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
    traces(&frame, ticks.unwrap_or(1))
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

fn traces(frame: &DataFrame, ticks: i64) -> Result<Traces, FrameError> {
    let (by_series, without_series) = rows_by_series(&cast(frame, SERIES_ID, &DataType::String)?)?;
    let times = Numbers::of(cast(frame, TIMESTAMP, &DataType::Int64)?.i64()?);
    let doubles = |name| -> Result<Option<Doubles>, FrameError> {
        if frame.get_column_index(name).is_none() {
            return Ok(None);
        }
        Ok(Some(Numbers::of(cast(frame, name, &DataType::Float64)?.f64()?)))
    };
    Ok(Traces {
        by_series,
        without_series,
        times,
        ticks,
        cpu: doubles(CPU_PCT)?,
        cpu_max: doubles(CPU_MAX_PCT)?,
        memory: doubles(MEM_PCT)?,
        vcpu: doubles(CPU_CORES)?,
        memory_kib: doubles(MEM_KB_CAP)?,
    })
}

/// A column as another type; what has no value of that type is null.
fn cast(frame: &DataFrame, name: &str, to: &DataType) -> Result<Column, FrameError> {
    frame
        .column(name)
        .and_then(|column| column.cast(to))
        .map_err(|cause| FrameError::Traces(format!("column {name}: {cause}")))
}

/// Ranges of rows by series.
type RowsBySeries = BTreeMap<String, Vec<Range<usize>>>;

/// Which rows are each series', and how many are nobody's.
fn rows_by_series(ids: &Column) -> Result<(RowsBySeries, u64), FrameError> {
    let mut by_series: RowsBySeries = BTreeMap::new();
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

type Doubles = Numbers<Float64Type>;

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

    fn read_with(change: impl FnOnce(&mut Vec<Column>)) -> Result<Traces, FrameError> {
        let mut columns = columns();
        change(&mut columns);
        read_traces(&parquet(columns))
    }

    /// Every row with its series, by series.
    fn rows(traces: &Traces) -> Vec<(&str, TraceRow)> {
        let of = |(id, runs): (&'_ String, &Vec<Range<usize>>)| {
            let id = id.clone();
            runs.iter().cloned().flatten().map(move |row| (id.clone(), row)).collect::<Vec<_>>()
        };
        let all: Vec<(String, usize)> = traces.by_series.iter().flat_map(of).collect();
        all.into_iter()
            .map(|(id, row)| (traces.by_series.get_key_value(&id).unwrap().0.as_str(), traces.row(row)))
            .collect()
    }

    #[test]
    fn rows_are_found_by_series_in_the_order_of_the_file() {
        let traces = read_with(|_| ()).unwrap();
        let rows = rows(&traces);
        assert_eq!(rows.len(), 60);
        let first = TraceRow {
            timestamp: Some(0),
            cpu_percent: Some(20.0),
            cpu_max_percent: None,
            memory_percent: Some(50.0),
            vcpu: Some(2.0),
            memory_kib: Some(4_194_304.0),
        };
        assert_eq!(rows[0], ("a", first));
        assert_eq!(rows[31].0, "b");
        assert_eq!((rows[31].1.timestamp, rows[31].1.cpu_percent), (Some(3600), Some(10.0)));
    }

    #[test]
    fn every_documented_type_gives_the_same_rows() {
        let plain = read_with(|_| ()).unwrap();
        let values = |traces: &Traces| rows(traces).into_iter().map(|(_, row)| row).collect::<Vec<_>>();
        let integers = read_with(|columns| {
            let ids: Vec<i64> = (0..60).map(|row| if row < 30 { 11 } else { 10 }).collect();
            columns[0] = Series::new(SERIES_ID.into(), ids).into_column();
            columns[1] = columns[1].cast(&DataType::Int32).unwrap();
            columns[3] = columns[3].cast(&DataType::Int64).unwrap();
        })
        .unwrap();
        assert_eq!(rows(&integers)[0].0, "10");
        assert_eq!(values(&integers), values(&plain));
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
            assert_eq!(values(&datetimes), values(&plain), "{unit:?}");
        }
    }

    #[test]
    fn rows_of_a_series_may_be_anywhere_and_columns_empty() {
        let traces = read_with(|columns| {
            let ids: Vec<Option<&str>> = (0..60).map(|row| [Some("a"), Some("b"), None][row % 3]).collect();
            columns[0] = Series::new(SERIES_ID.into(), ids).into_column();
            columns[3] = Series::full_null(MEM_PCT.into(), 60, &DataType::Null).into_column();
        })
        .unwrap();
        assert_eq!((traces.by_series["a"].len(), traces.without_series), (20, 20));
        assert!(
            rows(&traces).iter().all(|(_, row)| row.memory_percent.is_none() && row.cpu_percent.is_some())
        );
    }

    #[test]
    fn nothing_and_nan_stay_apart_and_an_empty_capacity_is_no_default() {
        let traces = read_with(|columns| {
            let cpu: Vec<Option<f64>> = (0..60).map(|row| (row != 0).then_some(f64::NAN)).collect();
            columns[2] = Series::new(CPU_PCT.into(), cpu).into_column();
            let cores: Vec<Option<f64>> = (0..60).map(|row| (row != 0).then_some(4.0)).collect();
            columns.push(Series::new(CPU_CORES.into(), cores).into_column());
        })
        .unwrap();
        assert_eq!((traces.row(0).cpu_percent, traces.row(0).vcpu), (None, None));
        assert!(traces.row(1).cpu_percent.unwrap().is_nan());
        assert_eq!(traces.row(1).vcpu, Some(4.0));
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
        assert!(read_traces(&no_rows).unwrap().by_series.is_empty());
    }
}
