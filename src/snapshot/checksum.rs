//! JSON documents that carry their own SHA-256.
//!
//! A sealed document is indented JSON whose first key, `checksum`, holds the SHA-256 of the
//! document's bytes with the checksum itself left out. Every edit shows, even one of white space,
//! and `sha256sum` of the text less those 64 digits recomputes it.

use serde::{Deserialize, Serialize};

use crate::sha256;

/// `document` as sealed JSON. It must serialize as an object without a key `checksum`.
pub(super) fn seal(document: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    #[derive(Serialize)]
    struct Sealed<'a, T> {
        checksum: &'a str,
        #[serde(flatten)]
        document: &'a T,
    }
    let text = |checksum: &str| -> Result<Vec<u8>, serde_json::Error> {
        let mut text = serde_json::to_vec_pretty(&Sealed { checksum, document })?;
        text.push(b'\n');
        Ok(text)
    };
    text(&sha256::hex(&text("")?))
}

/// What a sealed document says of itself before anything else of it is believed.
#[derive(Debug, Deserialize)]
pub(super) struct Header {
    pub format_version: u64,
    /// Empty if there is none, as a newer format may have it.
    #[serde(default)]
    checksum: String,
}

impl Header {
    /// The header of the sealed document `text`, whatever else the document holds.
    pub(super) fn read(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }

    /// Whether `text`, which this is the header of, is as it was sealed.
    pub(super) fn seals(&self, text: &[u8]) -> bool {
        std::str::from_utf8(text)
            .is_ok_and(|text| sha256::hex(text.replace(&self.checksum, "").as_bytes()) == self.checksum)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn sha256_is_the_standards() {
        assert_eq!(sha256::hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_sealed_document_is_plain_json_with_its_checksum() {
        let text = seal(&json!({"format_version": 3, "files": {"a": [1, null]}})).unwrap();
        let value: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(value["files"], json!({"a": [1, null]}));
        let header = Header::read(&text).unwrap();
        assert_eq!(header.format_version, 3);
        assert!(header.seals(&text));
    }

    #[test]
    fn every_change_of_a_byte_shows() {
        let text = seal(&json!({"format_version": 3, "gaps": ["é"]})).unwrap();
        for place in 0..text.len() {
            for flip in 1..=255 {
                let mut edited = text.clone();
                edited[place] ^= flip;
                assert!(!Header::read(&edited).is_ok_and(|header| header.seals(&edited)), "{place} {flip}");
            }
        }
        for extra in [" ", "\n"] {
            let edited = [&text[..], extra.as_bytes()].concat();
            assert!(!Header::read(&edited).unwrap().seals(&edited));
        }
        let without = br#"{"format_version": 3, "checksum": ""}"#;
        assert!(!Header::read(without).unwrap().seals(without), "an empty checksum seals nothing");
    }
}
