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

    /// Closes the socket. The next datagram opens another socket.
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
        let addresses: Vec<_> = found.map_err(|_| io::Error::from(ErrorKind::TimedOut))??.collect();
        likely(&addresses).ok_or_else(|| io::Error::new(ErrorKind::NotFound, "the name has no address"))
    }
}

/// Returns the address of a name to send to. The daemon listens on IPv4 unless told otherwise, and connecting a
/// datagram socket proves nothing.
fn likely(addresses: &[SocketAddr]) -> Option<SocketAddr> {
    addresses.iter().find(|address| address.is_ipv4()).or(addresses.first()).copied()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_the_address_where_a_daemon_listens() {
        let [v6, v4, other] = ["[::1]:2000", "127.0.0.1:2000", "127.0.0.2:2000"].map(|text| text.parse().unwrap());
        for (addresses, expected) in [(&[v6, v4, other][..], Some(v4)), (&[v6], Some(v6)), (&[], None)] {
            assert_eq!(likely(addresses), expected, "{addresses:?}");
        }
    }
}
