//! Cuts a byte stream into LSP bodies and finds its way again after anything else. Pure: bytes in, bodies out.
//!
//! A body that lies about its length cannot hide the next message: JSON has no raw line break inside a string, so a raw
//! `Content-Length: <digits>` line inside what claims to be a body always is the next header.

/// Largest body that is read, in bytes.
pub(crate) const BODY_LIMIT: usize = 16 * 1024 * 1024;
/// Largest header block, and most junk that is kept while looking for one, in bytes.
const HEADER_LIMIT: usize = 8 * 1024;
const NAME: &[u8] = b"content-length:";

/// What the stream holds next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A body of the announced length; it may still be no JSON.
    Body(Vec<u8>),
    /// Bytes that are no frame; told once for each run of them.
    Junk,
    /// A body of more than [`BODY_LIMIT`] was announced.
    TooLarge,
}

/// The cutter.
#[derive(Debug, Default)]
pub(crate) struct Framer {
    buffer: Vec<u8>,
    /// Bytes before this hold no header inside the body that is being read.
    searched: usize,
    /// The body that is being read.
    body: Option<usize>,
    /// The run of junk at hand has been told.
    told: bool,
}

/// A `Content-Length` line: where it begins, where the next line begins, and what it announces.
#[derive(Debug, Clone, Copy)]
struct Announced {
    begin: usize,
    end: usize,
    /// `None`: more digits than fit.
    length: Option<usize>,
}

impl Framer {
    /// Takes what was read.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The body at hand was no message: what follows it is part of the same mistake until the next header.
    pub(crate) fn distrust(&mut self) {
        self.told = true;
    }

    /// The next frame, if it is whole.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        match self.body {
            Some(length) => self.next_body(length),
            None => self.next_header(),
        }
    }

    fn next_body(&mut self, length: usize) -> Option<Frame> {
        let there = self.buffer.len().min(length);
        // A header may straddle what was searched before: look back by the longest that a line can be.
        let from = self.searched.saturating_sub(64);
        if let Some(found) = announced(&self.buffer[..there], from) {
            self.drop_front(found.begin);
            self.told = true;
            return Some(Frame::Junk);
        }
        self.searched = there;
        if self.buffer.len() < length {
            return None;
        }
        let rest = self.buffer.split_off(length);
        let body = std::mem::replace(&mut self.buffer, rest);
        self.begin_again();
        self.told = false;
        Some(Frame::Body(body))
    }

    fn next_header(&mut self) -> Option<Frame> {
        loop {
            let Some(found) = announced(&self.buffer, 0) else {
                return self.junk();
            };
            if !self.told && !is_headers(&self.buffer[..found.begin]) {
                self.drop_front(found.begin);
                self.told = true;
                return Some(Frame::Junk);
            }
            match block_end(&self.buffer, found) {
                Block::Ends { at, length } => {
                    self.drop_front(at);
                    match length {
                        Some(length) if length <= BODY_LIMIT => {
                            self.body = Some(length);
                            return self.next();
                        }
                        _ => {
                            self.told = true;
                            return Some(Frame::TooLarge);
                        }
                    }
                }
                Block::Incomplete if self.buffer.len() - found.begin <= HEADER_LIMIT => return None,
                Block::Incomplete | Block::Broken => {
                    self.drop_front(found.end);
                    if !std::mem::replace(&mut self.told, true) {
                        return Some(Frame::Junk);
                    }
                }
            }
        }
    }

    /// No header is in sight: tells of a whole line that cannot belong to one, and keeps what may become one.
    fn junk(&mut self) -> Option<Frame> {
        let lines = self
            .buffer
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        let tail_is_long = self.buffer.len() - lines > HEADER_LIMIT;
        if is_headers(&self.buffer[..lines]) && !tail_is_long && lines <= HEADER_LIMIT {
            return None;
        }
        let keep = if tail_is_long {
            self.buffer.len() - NAME.len()
        } else {
            lines
        };
        self.drop_front(keep);
        (!std::mem::replace(&mut self.told, true)).then_some(Frame::Junk)
    }

    fn drop_front(&mut self, bytes: usize) {
        self.buffer.drain(..bytes);
        self.begin_again();
    }

    fn begin_again(&mut self) {
        self.body = None;
        self.searched = 0;
    }
}

enum Block {
    Ends { at: usize, length: Option<usize> },
    Incomplete,
    Broken,
}

/// The end of the header block that `first` belongs to. The last `Content-Length` of a block counts: one before it was cut
/// off.
fn block_end(buffer: &[u8], first: Announced) -> Block {
    let mut length = first.length;
    let mut at = first.end;
    while let Some(next) = buffer[at..].iter().position(|b| *b == b'\n').map(|n| at + n + 1) {
        let line = trim(&buffer[at..next]);
        if line.is_empty() {
            return Block::Ends { at: next, length };
        }
        match announced(&buffer[at..next], 0) {
            Some(again) => length = again.length,
            None if is_header(line) => {}
            None => return Block::Broken,
        }
        at = next;
    }
    Block::Incomplete
}

/// The first whole `Content-Length: <digits>` line at or after `from`; what stands before it in its line does not matter.
fn announced(buffer: &[u8], from: usize) -> Option<Announced> {
    let mut at = from;
    loop {
        let begin = at
            + buffer
                .get(at..)?
                .windows(NAME.len())
                .position(|w| w.eq_ignore_ascii_case(NAME))?;
        let value = begin + NAME.len();
        if let Some(length) = buffer[value..].iter().position(|b| *b == b'\n') {
            let digits = trim(&buffer[value..value + length]);
            if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
                let parsed = std::str::from_utf8(digits)
                    .ok()
                    .and_then(|text| text.parse().ok());
                return Some(Announced {
                    begin,
                    end: value + length + 1,
                    length: parsed,
                });
            }
        }
        at = value;
    }
}

fn trim(line: &[u8]) -> &[u8] {
    line.trim_ascii()
}

/// Whether these whole lines can stand before a `Content-Length` of the same block; blank lines are let through.
fn is_headers(lines: &[u8]) -> bool {
    lines.split_inclusive(|b| *b == b'\n').all(|line| {
        let text = trim(line);
        text.is_empty() || (line.ends_with(b"\n") && is_header(text))
    }) && !lines.windows(3).any(|w| w == b"\n\r\n" || w[..2] == *b"\n\n")
}

/// `name: value`, the name a token of RFC 9110 §5.6.2.
fn is_header(line: &[u8]) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    match line.iter().position(|b| *b == b':') {
        Some(colon) if colon > 0 => line[..colon].iter().all(|b| token(*b)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(body: &str) -> Vec<u8> {
        format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }

    /// Everything that comes out, whatever the size of the reads.
    fn cut(stream: &[u8], chunk: usize) -> Vec<Frame> {
        let mut framer = Framer::default();
        let mut out = Vec::new();
        for bytes in stream.chunks(chunk.max(1)) {
            framer.push(bytes);
            while let Some(frame) = framer.next() {
                out.push(frame);
            }
        }
        out
    }

    fn body(text: &str) -> Frame {
        Frame::Body(text.as_bytes().to_vec())
    }

    #[test]
    fn whole_frames_come_out_whole() {
        let stream = [frame("{\"a\":1}"), frame(""), frame("{\"ü\":2}")].concat();
        for chunk in [1, 3, 1000] {
            assert_eq!(
                cut(&stream, chunk),
                [body("{\"a\":1}"), body(""), body("{\"ü\":2}")],
                "{chunk}"
            );
        }
    }

    #[test]
    fn other_headers_and_any_case_are_fine() {
        let stream = b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-LENGTH:2\r\nX-A: b\r\n\r\n{}";
        assert_eq!(cut(stream, 7), [body("{}")]);
    }

    #[test]
    fn the_next_message_is_found_after_every_kind_of_junk() {
        let next = frame("{\"next\":true}");
        let rows: [(&str, Vec<u8>, Vec<Frame>); 9] = [
            ("a line of text", b"hello there\r\n".to_vec(), vec![Frame::Junk]),
            (
                "a length that is no number",
                b"Content-Length: abc\r\n\r\n{}".to_vec(),
                vec![Frame::Junk],
            ),
            (
                "a negative length",
                b"Content-Length: -5\r\n\r\n{}".to_vec(),
                vec![Frame::Junk],
            ),
            (
                "no length",
                b"Content-Type: x\r\n\r\n{}".to_vec(),
                vec![Frame::Junk],
            ),
            ("no header", b"{\"jsonrpc\":\"2.0\"}".to_vec(), vec![Frame::Junk]),
            (
                "a length too large",
                b"Content-Length: 99999999999\r\n\r\n{}".to_vec(),
                vec![Frame::TooLarge],
            ),
            (
                "a length beyond numbers",
                b"Content-Length: 99999999999999999999999999\r\n\r\n{}".to_vec(),
                vec![Frame::TooLarge],
            ),
            (
                "a length longer than its body",
                b"Content-Length: 500\r\n\r\n{}".to_vec(),
                vec![Frame::Junk],
            ),
            (
                "a header cut off",
                b"Content-Length: 12\r\nX".to_vec(),
                vec![Frame::Junk],
            ),
        ];
        for (name, junk, told) in rows {
            let stream = [junk, next.clone()].concat();
            for chunk in [1, 5, 1000] {
                let mut want = told.clone();
                want.push(body("{\"next\":true}"));
                let out = cut(&stream, chunk);
                // A cut-off header may turn out to be a part of the next block, and then nothing was junk.
                assert!(out == want || out == want[1..], "{name}, by {chunk}: {out:?}");
                assert!(
                    name == "a header cut off" || out == want,
                    "{name}, by {chunk}: {out:?}"
                );
            }
        }
    }

    #[test]
    fn a_length_shorter_than_its_body_costs_one_message() {
        let stream = [b"Content-Length: 4\r\n\r\n{\"id\":1}".to_vec(), frame("{}")].concat();
        let mut framer = Framer::default();
        framer.push(&stream);
        assert_eq!(framer.next(), Some(body("{\"id")));
        framer.distrust();
        assert_eq!(framer.next(), Some(body("{}")));
        assert_eq!(framer.next(), None);
    }

    #[test]
    fn an_escaped_header_inside_a_string_is_not_one() {
        let text = r#"{"text":"Content-Length: 7\r\n\r\n{}"}"#;
        assert_eq!(cut(&frame(text), 4), [body(text)]);
    }

    #[test]
    fn endless_junk_is_not_kept() {
        let mut framer = Framer::default();
        let mut told = 0;
        for _ in 0..1000 {
            framer.push(&[b'x'; 1024]);
            while framer.next().is_some() {
                told += 1;
            }
            assert!(framer.buffer.len() <= 2 * HEADER_LIMIT);
        }
        assert_eq!(told, 1);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_hide_the_next_message(
            junk in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
            chunk in 1..50_usize,
        ) {
            let stream = [junk, b"\n".to_vec(), frame("{\"next\":true}")].concat();
            let out = cut(&stream, chunk);
            proptest::prop_assert_eq!(out.last(), Some(&body("{\"next\":true}")));
        }

        #[test]
        fn the_size_of_the_reads_does_not_matter(
            text in "(Content-Length: [0-9]{1,3}\r\n\r\n|\\{\\}|x|\r\n){0,12}",
            chunk in 1..20_usize,
        ) {
            let bodies = |chunk| {
                cut(text.as_bytes(), chunk).into_iter().filter(|f| matches!(f, Frame::Body(_))).collect::<Vec<_>>()
            };
            proptest::prop_assert_eq!(bodies(chunk), bodies(1));
        }
    }
}
