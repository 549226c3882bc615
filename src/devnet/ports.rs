use std::net::{Ipv4Addr, TcpListener};

use super::DevnetError;

/// Where ports are looked for: below what Linux and macOS give to outgoing connections, one of which could otherwise sit on
/// the port of a guardian that is being started anew.
const RANGE: std::ops::Range<u16> = 20_000..32_000;
const TRIES: usize = 2_000;

/// Distinct ports that are free on 127.0.0.1, the first of them `wanted` if that is given. They stay free only as long as
/// nobody else takes them; with a random start in a wide range, two devnets do not meet.
pub(super) fn free_ports(count: usize, wanted: Option<u16>) -> Result<Vec<u16>, DevnetError> {
    let mut random = [0; 2];
    getrandom::fill(&mut random).map_err(DevnetError::Random)?;
    let size = RANGE.end - RANGE.start;
    let start = u16::from_le_bytes(random) % size;
    // Held until all are found, so that none is found twice.
    let mut held = Vec::with_capacity(count);
    if let Some(port) = wanted {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        held.push(listener.map_err(|source| DevnetError::Port { port, source })?);
    }
    let ports = (start..size).chain(0..start).map(|offset| RANGE.start + offset);
    for port in ports.take(TRIES) {
        if held.len() == count {
            break;
        }
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            held.push(listener);
        }
    }
    if held.len() < count {
        return Err(DevnetError::NoPorts(count));
    }
    let ports = held.iter().map(|it| Ok(it.local_addr()?.port()));
    ports
        .collect::<std::io::Result<_>>()
        .map_err(|_| DevnetError::NoPorts(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_and_one_as_wanted() {
        let mut ports = free_ports(65, None).unwrap();
        let again = free_ports(3, Some(ports[7])).unwrap();
        assert_eq!(again[0], ports[7]);
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 65);
        assert!(ports.iter().all(|port| RANGE.contains(port)));
    }

    #[test]
    fn one_that_is_taken_is_named() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = free_ports(3, Some(port)).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("port {port} cannot be had")),
            "{error}"
        );
    }
}
