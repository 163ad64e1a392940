//! LSP's base protocol: one header block, one JSON body.

use std::io::{self, BufRead};

use serde_json::Value;

/// `body` as a frame.
pub fn encode(body: &Value) -> Vec<u8> {
    wrap(body.to_string().as_bytes())
}

/// Any bytes as the body of a frame.
pub fn wrap(body: &[u8]) -> Vec<u8> {
    let mut frame = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    frame.extend_from_slice(body);
    frame
}

/// The next body, `None` at the end of the stream. Strict: whatever is not a frame is an error, since an agent that
/// prints anything else breaks its IDE.
pub(crate) fn read(from: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut length = None;
    let mut line = String::new();
    loop {
        line.clear();
        if from.read_line(&mut line)? == 0 {
            return match length {
                None => Ok(None),
                Some(_) => Err(io::ErrorKind::UnexpectedEof.into()),
            };
        }
        let Some(header) = line.strip_suffix("\r\n") else {
            return Err(bad(&line));
        };
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(": ").ok_or_else(|| bad(&line))?;
        if name.eq_ignore_ascii_case("Content-Length") {
            length = Some(value.parse::<usize>().map_err(|_| bad(&line))?);
        }
    }
    let mut body = vec![0; length.ok_or_else(|| bad("no Content-Length"))?];
    from.read_exact(&mut body)?;
    Ok(Some(body))
}

fn bad(line: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not LSP framing: {line:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back_and_anything_else_is_an_error() {
        let body = serde_json::json!({"text": "äöü"});
        let mut stream = &[encode(&body), encode(&Value::Null)].concat()[..];
        let first = read(&mut stream).expect("a frame").expect("not the end");
        assert_eq!(first, body.to_string().into_bytes());
        assert_eq!(read(&mut stream).expect("a frame").as_deref(), Some(&b"null"[..]));
        assert!(read(&mut stream).expect("the end").is_none());
        for bad in [
            "hello\r\n\r\n",
            "Content-Length: 5\r\n\r\nab",
            "X: 1\r\n\r\n",
            "Content-Length: 1\n\n1",
        ] {
            assert!(read(&mut bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}
