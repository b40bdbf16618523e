//! [`ServiceCsv`]: the offer file of a service as CSV, row by row.
//!
//! Takes the file as a stream: lines about the file, a header that starts with `SKU`, then a price a
//! line. Columns are found by name, whatever their order; case, spaces and punctuation do not count. A
//! line that cannot be read is given as such, and the next one read; a file that stops within a line
//! is told.

use std::io::Read;

use csv::StringRecord;

use super::{OfferError, OfferPrice, Publication, UnreadRow, date_of};

/// How many lines may stand before the header.
const LINES_BEFORE_HEADER: usize = 20;

/// An offer file whose head has been read.
pub struct ServiceCsv<R> {
    reader: csv::Reader<R>,
    publication: Publication,
    columns: Columns,
    width: usize,
    record: StringRecord,
    /// The line that the last row began on, if that row was shorter than the header.
    short: Option<u64>,
    ended: bool,
}

impl<R> std::fmt::Debug for ServiceCsv<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceCsv").field("publication", &self.publication).finish_non_exhaustive()
    }
}

/// Where each part of an [`OfferPrice`] stands.
#[derive(Debug, Default)]
struct Columns {
    sku: usize,
    term_type: usize,
    unit: usize,
    price: usize,
    currency: usize,
    usage_type: usize,
    begin_range: Option<usize>,
    operation: Option<usize>,
    region: Option<usize>,
    location_type: Option<usize>,
    instance_type: Option<usize>,
    operating_system: Option<usize>,
    tenancy: Option<usize>,
    pre_installed_software: Option<usize>,
    capacity_status: Option<usize>,
    market_option: Option<usize>,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, OfferError> {
        let plain = |name: &str| -> String {
            name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
        };
        let names: Vec<String> = header.iter().map(plain).collect();
        let find = |name: &str| names.iter().position(|known| known == name);
        let need = |name: &str| find(name).ok_or_else(|| OfferError::Shape(format!("no column {name}")));
        Ok(Self {
            sku: need("sku")?,
            term_type: need("termtype")?,
            unit: need("unit")?,
            price: need("priceperunit")?,
            currency: need("currency")?,
            usage_type: need("usagetype")?,
            begin_range: find("startingrange"),
            operation: find("operation"),
            region: find("regioncode"),
            location_type: find("locationtype"),
            instance_type: find("instancetype"),
            operating_system: find("operatingsystem"),
            tenancy: find("tenancy"),
            pre_installed_software: find("preinstalledsw"),
            capacity_status: find("capacitystatus"),
            market_option: find("marketoption"),
        })
    }

    /// The last column that a row must reach.
    fn reach(&self) -> usize {
        let always = [self.sku, self.term_type, self.unit, self.price, self.currency, self.usage_type];
        // An instance is chosen by these: without them nothing tells it from another.
        let chosen = [self.operating_system, self.tenancy, self.pre_installed_software, self.capacity_status];
        always.into_iter().chain(chosen.into_iter().flatten()).max().unwrap_or(0)
    }
}

impl<R: Read> ServiceCsv<R> {
    /// Reads up to the header. `offer` is the service the file must be of.
    pub fn open(input: R, offer: &str) -> Result<Self, OfferError> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(input);
        let mut record = StringRecord::new();
        let (mut found, mut version, mut date): (_, _, Option<String>) = (None, None, None);
        for _ in 0..LINES_BEFORE_HEADER {
            if !reader.read_record(&mut record).map_err(shape)? {
                break;
            }
            let value = || record.get(1).map(|text| text.trim().to_owned());
            match record.get(0).unwrap_or_default().trim() {
                "SKU" => {
                    if let Some(found) = found.filter(|found| found != offer) {
                        return Err(OfferError::OtherOffer { found, wanted: offer.to_owned() });
                    }
                    let date = date.ok_or(OfferError::NoDate)?;
                    let version = version.unwrap_or_else(|| date.clone());
                    let columns = Columns::of(&record)?;
                    let publication = Publication { offer: offer.to_owned(), version, date };
                    let (width, short) = (record.len(), None);
                    return Ok(Self { reader, publication, columns, width, record, short, ended: false });
                }
                "OfferCode" => found = value(),
                "Version" => version = value(),
                "Publication Date" => date = value().as_deref().and_then(date_of),
                _ => {}
            }
        }
        Err(OfferError::Shape("no header line that starts with SKU".to_owned()))
    }

    pub fn publication(&self) -> &Publication {
        &self.publication
    }

    /// The next price, or the line that none could be read from; `None` at the end of the file.
    pub fn next_price(&mut self) -> Result<Option<Result<OfferPrice, UnreadRow>>, OfferError> {
        if self.ended {
            return Ok(None);
        }
        match self.reader.read_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => {
                self.ended = true;
                let line = self.short.take();
                return Ok(line.map(|line| {
                    Err(UnreadRow {
                        at: format!("line {line}"),
                        cause: "the file ends within this line".to_owned(),
                    })
                }));
            }
            Err(error) => {
                if let csv::ErrorKind::Utf8 { .. } = error.kind() {
                    let line = error.position().map_or(0, csv::Position::line);
                    return Ok(Some(Err(UnreadRow {
                        at: format!("line {line}"),
                        cause: "is not UTF-8".to_owned(),
                    })));
                }
                return Err(shape(error));
            }
        }
        let line = self.record.position().map_or(0, csv::Position::line);
        let fields = self.record.len();
        self.short = (fields < self.width).then_some(line);
        // Empty cells at the end may be left out; what decides may not.
        if fields > self.width || fields <= self.columns.reach() {
            // Told once.
            self.short = None;
            let cause = format!("has {fields} columns where the header has {}", self.width);
            return Ok(Some(Err(UnreadRow { at: format!("line {line}"), cause })));
        }
        Ok(Some(Ok(self.price())))
    }

    fn price(&self) -> OfferPrice {
        let at = |column: usize| self.record.get(column).unwrap_or_default().trim().to_owned();
        let maybe = |column: Option<usize>| column.map(at).unwrap_or_default();
        let columns = &self.columns;
        OfferPrice {
            sku: at(columns.sku),
            term_type: at(columns.term_type),
            begin_range: maybe(columns.begin_range),
            unit: at(columns.unit),
            price: at(columns.price),
            currency: at(columns.currency),
            usage_type: at(columns.usage_type),
            operation: maybe(columns.operation),
            region: maybe(columns.region),
            location_type: maybe(columns.location_type),
            instance_type: maybe(columns.instance_type),
            operating_system: maybe(columns.operating_system),
            tenancy: maybe(columns.tenancy),
            pre_installed_software: maybe(columns.pre_installed_software),
            capacity_status: maybe(columns.capacity_status),
            market_option: maybe(columns.market_option),
        }
    }
}

/// Reading errors stay what they are: a broken connection is tried again.
fn shape(error: csv::Error) -> OfferError {
    let message = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(error) => OfferError::Read(error),
        _ => OfferError::Shape(message),
    }
}
