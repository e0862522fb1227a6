use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use clap::Args;

use super::exit::Exit;
use super::failure::Failure;
use super::flags::SettingsFlags;

/// For the connection, and again for the answer: a process that takes longer over `/livez` does not move.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest first line that is read; `/livez` answers with some twenty bytes.
const LONGEST_LINE: u64 = 256;

/// Asks the daemon of the same configuration whether it is alive.
#[derive(Debug, Clone, Args)]
pub(super) struct HealthArgs {
    #[command(flatten)]
    flags: SettingsFlags,
}

/// Asks `/livez` at `http.listen`; says nothing if all is well.
pub(super) fn run(args: &HealthArgs) -> Result<Exit, Failure> {
    let settings = args.flags.settings()?;
    ask(settings.http.listen).map_err(Failure::failed)?;
    Ok(Exit::Ok)
}

/// Why nobody is known to be alive.
#[derive(Debug, thiserror::Error)]
enum Silence {
    #[error(
        "http.listen names port 0, which is another one at each start; name a port, and the daemon can be asked"
    )]
    NoPort,
    #[error("no daemon answers at {address}: {error}")]
    NoAnswer {
        address: SocketAddr,
        #[source]
        error: io::Error,
    },
    #[error("the daemon at {address} answers {line:?} instead of 200 to GET /livez")]
    NotWell { address: SocketAddr, line: String },
}

fn ask(listen: SocketAddr) -> Result<(), Silence> {
    if listen.port() == 0 {
        return Err(Silence::NoPort);
    }
    let address = reachable(listen);
    let line = first_line(address).map_err(|error| Silence::NoAnswer { address, error })?;
    // RFC 9112, section 4: version, space, code.
    if line.split(' ').nth(1) == Some("200") {
        Ok(())
    } else {
        Err(Silence::NotWell { address, line })
    }
}

/// An address that is listened on; "every address" is none that can be called.
pub(super) fn reachable(mut listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    listen
}

fn first_line(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET /livez HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut line = String::new();
    BufReader::new(stream.take(LONGEST_LINE)).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// What is said of a server that sends this and closes.
    fn of(answer: &'static str) -> Result<(), Silence> {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut head = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while !head.ends_with("\r\n\r\n") {
                assert_ne!(reader.read_line(&mut head).unwrap(), 0);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            head
        });
        let said = ask(address);
        assert!(
            serving
                .join()
                .unwrap()
                .starts_with("GET /livez HTTP/1.1\r\n")
        );
        said
    }

    #[test]
    fn only_200_is_well() {
        of("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nalive\n").unwrap();
        let said = of("HTTP/1.1 503 Service Unavailable\r\n\r\n").unwrap_err();
        assert!(
            said.to_string().contains("503 Service Unavailable"),
            "{said}"
        );
        let said = of("").unwrap_err();
        assert!(said.to_string().contains("answers \"\""), "{said}");
    }

    #[test]
    fn a_long_line_is_not_read_to_its_end() {
        let long: &'static str = "2".repeat(100_000).leak();
        let said = of(long).unwrap_err();
        assert!(said.to_string().len() < 500, "{said}");
    }

    #[test]
    fn nobody_there_is_told_with_the_address() {
        let closed = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let said = ask(closed).unwrap_err();
        assert!(
            said.to_string()
                .starts_with(&format!("no daemon answers at {closed}: ")),
            "{said}"
        );
    }

    #[test]
    fn every_address_is_asked_as_loopback() {
        for (listen, asked) in [
            ("0.0.0.0:9464", "127.0.0.1:9464"),
            ("[::]:9464", "[::1]:9464"),
            ("10.1.2.3:80", "10.1.2.3:80"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), asked);
        }
        let said = ask("127.0.0.1:0".parse().unwrap()).unwrap_err();
        assert!(
            said.to_string().starts_with("http.listen names port 0"),
            "{said}"
        );
    }
}
