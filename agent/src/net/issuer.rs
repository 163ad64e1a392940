//! Reads the issuer's name out of a certificate, to name it to a person; decides nothing about trust.
//!
//! Just enough DER (X.690) for the fields of RFC 5280 §4.1 before the issuer; malformed input gives no name.

use rustls::pki_types::CertificateDer;

const SEQUENCE: u8 = 0x30;
const EXPLICIT_VERSION: u8 = 0xa0;
/// The content octets of the object identifiers of RFC 5280 appendix A.1: commonName and organizationName.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANISATION: &[u8] = &[0x55, 0x04, 0x0a];

/// The issuer's common name, else its organisation.
pub(crate) fn name_of(certificate: &CertificateDer<'_>) -> Option<String> {
    let mut outer = Reader(certificate.as_ref());
    let mut whole = Reader(outer.expect(SEQUENCE)?);
    let mut fields = Reader(whole.expect(SEQUENCE)?);
    // version [0] (optional), serialNumber, signature, issuer
    if fields.next()?.0 == EXPLICIT_VERSION {
        fields.next()?;
    }
    fields.next()?;
    let mut issuer = Reader(fields.expect(SEQUENCE)?);
    let mut organisation = None;
    while let Some((_, set)) = issuer.next() {
        let mut attribute = Reader(Reader(set).expect(SEQUENCE)?);
        let (_, oid) = attribute.next()?;
        let (_, value) = attribute.next()?;
        let text = String::from_utf8_lossy(value).into_owned();
        match oid {
            COMMON_NAME => return Some(text),
            ORGANISATION => organisation = Some(text),
            _ => {}
        }
    }
    organisation
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The next element's tag and content.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            if bytes.len() > 4 {
                return None;
            }
            (
                bytes.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte)),
                rest,
            )
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next()
            .filter(|(found, _)| *found == tag)
            .map(|(_, content)| content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn bytes_of_any_shape_give_a_name_or_none(bytes in proptest::collection::vec(0u8.., 0..200)) {
            let _ = name_of(&CertificateDer::from(bytes));
        }
    }
}
