//! A log's entry is one line, whatever is in it (CWE-117, CWE-150).

use std::io::{self, Write};

use super::safe_lines;

/// Writes each entry as one line that does nothing to a terminal. An entry is what one `write` is given.
#[derive(Debug)]
pub struct OneLine<W>(pub W);

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, entry: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(entry);
        let mut line = safe_lines(text.trim_end_matches('\n')).replace('\n', " ");
        line.push('\n');
        self.0.write_all(line.as_bytes())?;
        Ok(entry.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_one_line_that_moves_nothing() {
        let mut written = Vec::new();
        let mut log = OneLine(&mut written);
        log.write_all(b"INFO who=eve\r\nINFO forged \x1b[2J\x1b]0;t\x07 end\n")
            .expect("written");
        log.flush().expect("flushed");
        assert_eq!(
            String::from_utf8(written).expect("text"),
            "INFO who=eve INFO forged  end\n"
        );
    }
}
