//! A client of HTTP/1.1, no more than the measurement needs.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::server::Token;

/// A connection that is kept alive.
pub(super) struct Client(BufReader<TcpStream>);

impl Client {
    pub(super) async fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Client(BufReader::new(stream)))
    }

    /// Sends OTLP.
    pub(super) async fn post(&mut self, path: &str, body: &[u8]) -> io::Result<()> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.0.write_all(head.as_bytes()).await?;
        self.0.write_all(body).await?;
        self.answer().await.map(|_| ())
    }

    /// Asks a question. Returns the bytes of the answer.
    pub(super) async fn get(&mut self, path: &str, token: &Token) -> io::Result<usize> {
        let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n");
        self.0.write_all(head.as_bytes()).await?;
        self.answer().await
    }

    async fn answer(&mut self) -> io::Result<usize> {
        let (mut len, mut is_ok) = (0, false);
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await?;
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            is_ok |= line.starts_with("http/1.1 200");
            if let Some(length) = line.strip_prefix("content-length:") {
                len = length.trim().parse().map_err(io::Error::other)?;
            }
        }
        let mut body = vec![0; len];
        self.0.read_exact(&mut body).await?;
        if is_ok { Ok(len) } else { Err(io::Error::other(String::from_utf8_lossy(&body).into_owned())) }
    }
}
