//! HTTP/1.1 messages as bytes: just enough to know where one ends. Nothing is rewritten.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// One side of a proxied connection, with what was read too far.
#[derive(Debug)]
pub(crate) struct Wire<S> {
    pub(crate) stream: S,
    buffer: Vec<u8>,
}

/// The head of a request or an answer.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) raw: Vec<u8>,
    /// The three words of the first line.
    pub(crate) start: [String; 3],
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
}

impl Head {
    fn parse(raw: Vec<u8>) -> io::Result<Self> {
        let text = String::from_utf8_lossy(&raw).into_owned();
        let mut lines = text.split("\r\n");
        let mut words = lines.next().unwrap_or("").splitn(3, ' ').map(str::to_owned);
        let start = [0; 3].map(|_| words.next().unwrap_or_default());
        if start[1].is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not HTTP"));
        }
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        let headers = lines.filter_map(header).collect();
        Ok(Self { raw, start, headers })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn is_chunked(&self) -> bool {
        self.header("transfer-encoding")
            .is_some_and(|value| value.eq_ignore_ascii_case("chunked"))
    }

    fn length(&self) -> Option<usize> {
        self.header("content-length")?.parse().ok()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    async fn fill(&mut self) -> io::Result<usize> {
        self.stream.read_buf(&mut self.buffer).await
    }

    async fn fill_or_fail(&mut self) -> io::Result<()> {
        if self.fill().await? == 0 {
            Err(io::ErrorKind::UnexpectedEof.into())
        } else {
            Ok(())
        }
    }

    /// The next head; `None` when the peer is done.
    pub(crate) async fn head(&mut self) -> io::Result<Option<Head>> {
        loop {
            if let Some(at) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                return Head::parse(self.buffer.drain(..at + 4).collect()).map(Some);
            }
            if self.fill().await? == 0 {
                return Ok(None);
            }
        }
    }

    async fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            self.fill_or_fail().await?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    async fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(at) = self.buffer.windows(2).position(|bytes| bytes == b"\r\n") {
                return Ok(self.buffer.drain(..at + 2).collect());
            }
            self.fill_or_fail().await?;
        }
    }

    async fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut raw = Vec::new();
        loop {
            let line = self.line().await?;
            let digits = String::from_utf8_lossy(&line);
            let digits = digits.trim().split(';').next().unwrap_or("").to_owned();
            raw.extend_from_slice(&line);
            let size = usize::from_str_radix(&digits, 16)
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not a chunk"))?;
            if size == 0 {
                raw.extend(self.line().await?);
                return Ok(raw);
            }
            raw.extend(self.take(size + 2).await?);
        }
    }

    /// The body of a request, as it is on the wire.
    pub(crate) async fn request_body(&mut self, head: &Head) -> io::Result<Vec<u8>> {
        if head.is_chunked() {
            self.chunks().await
        } else {
            self.take(head.length().unwrap_or(0)).await
        }
    }

    /// The body of an answer, as it is on the wire.
    pub(crate) async fn answer_body(&mut self, head: &Head, method: &str) -> io::Result<Vec<u8>> {
        let empty = method == "HEAD" || matches!(head.start[1].as_str(), "204" | "304");
        match head.length() {
            _ if empty => Ok(Vec::new()),
            _ if head.is_chunked() => self.chunks().await,
            Some(length) => self.take(length).await,
            None => {
                while self.fill().await? > 0 {}
                Ok(std::mem::take(&mut self.buffer))
            }
        }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Returns when the peer has hung up.
    pub(crate) async fn hung_up(&mut self) {
        while matches!(self.fill().await, Ok(1..)) {}
    }

    /// What was read too far, before the bytes are passed on as they come.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }
}
