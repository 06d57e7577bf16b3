//! The socket to the daemon.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::lookup_host;
use tokio::time::timeout_at;

use crate::xray_daemon::XRayDaemonAddress;

/// The pause while the socket has no room.
const NO_ROOM: Duration = Duration::from_millis(1);

/// A socket, opened by the first datagram.
#[derive(Debug)]
pub(super) struct Socket {
    daemon: XRayDaemonAddress,
    socket: Mutex<Option<Arc<UdpSocket>>>,
}

impl Socket {
    pub(super) fn new(daemon: XRayDaemonAddress) -> Self {
        Socket { daemon, socket: Mutex::default() }
    }

    /// Sends a datagram.
    ///
    /// The system reports the refusal of a datagram without a listening daemon: on the same host at once, from another
    /// host with the next datagram. The next datagram does not leave then.
    pub(super) async fn send(&self, datagram: &[u8], deadline: Instant) -> Result<(), Error> {
        let failed = |cause| Error { daemon: self.daemon.clone(), cause };
        let socket = self.connected(deadline).await.map_err(failed)?;
        loop {
            match socket.send(datagram).and_then(|_| socket.take_error()) {
                Ok(None) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() + NO_ROOM < deadline => {
                    tokio::time::sleep(NO_ROOM).await;
                }
                Err(error) | Ok(Some(error)) => {
                    // The address may have changed, or the network of the process.
                    self.close();
                    return Err(failed(error));
                }
            }
        }
    }

    /// Closes the socket. The next datagram opens another one.
    pub(super) fn close(&self) {
        *self.socket.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn connected(&self, deadline: Instant) -> io::Result<Arc<UdpSocket>> {
        if let Some(socket) = &*self.socket.lock().unwrap_or_else(PoisonError::into_inner) {
            return Ok(socket.clone());
        }
        let address = self.resolved(deadline).await?;
        let any: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind((any, 0))?;
        socket.set_nonblocking(true)?;
        socket.connect(address)?;
        let socket = Arc::new(socket);
        *self.socket.lock().unwrap_or_else(PoisonError::into_inner) = Some(socket.clone());
        Ok(socket)
    }

    async fn resolved(&self, deadline: Instant) -> io::Result<SocketAddr> {
        let (host, port) = (self.daemon.host(), self.daemon.port());
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok((address, port).into());
        }
        let found = timeout_at(deadline.into(), lookup_host((host, port))).await;
        let mut addresses = found.map_err(|_| io::Error::from(ErrorKind::TimedOut))??;
        addresses.next().ok_or_else(|| io::Error::new(ErrorKind::NotFound, "the name has no address"))
    }
}

/// The reason why a datagram did not leave.
#[derive(Debug)]
pub(super) struct Error {
    daemon: XRayDaemonAddress,
    cause: io::Error,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the X-Ray daemon at {} cannot be reached", self.daemon)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}
