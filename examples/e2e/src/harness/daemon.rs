//! The X-Ray daemon of Lambda, which receives datagrams and sends no responses.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use super::Error;

/// The largest datagram.
const MAX_DATAGRAM: usize = 64 << 10;

/// A daemon on a loopback port. Dropping the value closes the port.
#[derive(Debug)]
pub struct Daemon {
    address: SocketAddr,
    datagrams: Arc<Mutex<Vec<Vec<u8>>>>,
    reader: JoinHandle<()>,
}

impl Daemon {
    /// Starts a daemon.
    ///
    /// # Errors
    ///
    /// If no port can be opened.
    pub async fn start() -> Result<Self, Error> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let address = socket.local_addr()?;
        let datagrams = Arc::<Mutex<Vec<_>>>::default();
        let kept = Arc::clone(&datagrams);
        let reader = tokio::spawn(async move {
            let mut buffer = vec![0; MAX_DATAGRAM];
            while let Ok(length) = socket.recv(&mut buffer).await {
                let datagram = buffer.get(..length).unwrap_or_default().to_vec();
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(datagram);
            }
        });
        Ok(Self { address, datagrams, reader })
    }

    /// Returns the value for `AWS_XRAY_DAEMON_ADDRESS`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Returns the received datagrams, in order.
    #[must_use]
    pub fn datagrams(&self) -> Vec<Vec<u8>> {
        self.datagrams.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.reader.abort();
    }
}
