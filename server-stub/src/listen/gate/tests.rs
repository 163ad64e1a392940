use super::*;

fn gate(trusted: &[&str]) -> Gate {
    let bounds = Bounds {
        connections: 4,
        connections_per_address: 2,
        bytes: 100,
        bytes_per_address: 60,
        reserve: 1,
    };
    let trusted: Vec<_> = trusted.iter().map(|text| (*text).to_owned()).collect();
    let trusted = TrustedProxies::parse(&trusted).expect("networks");
    Gate::new(bounds, trusted, Counts::default())
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn refusal<T>(result: Result<T, Limit>) -> Option<Limit> {
    result.err()
}

/// CWE-770.
#[test]
fn one_address_gets_its_part_and_all_together_no_more_than_there_is() {
    let gate = gate(&[]);
    let [one, other, third] = ["203.0.113.1", "203.0.113.2", "203.0.113.3"].map(ip);
    let first = gate.connection(one).expect("a place");
    let _second = gate.connection(one).expect("a place");
    let limit = Some(Limit::ConnectionsPerAddress);
    assert_eq!(refusal(gate.connection(one)), limit);
    let _others = [other, other].map(|peer| gate.connection(peer).expect("a place"));
    assert_eq!(refusal(gate.connection(third)), Some(Limit::Connections));
    drop(first);
    let _third = gate.connection(third).expect("the place that was given back");
}

#[test]
fn a_network_of_ipv6_is_one_address() {
    let gate = gate(&[]);
    let _places = ["2001:db8:0:1::1", "2001:db8:0:1:ffff::2"].map(|peer| gate.connection(ip(peer)));
    let limit = Some(Limit::ConnectionsPerAddress);
    assert_eq!(refusal(gate.connection(ip("2001:db8:0:1::3"))), limit);
    assert_eq!(refusal(gate.connection(ip("2001:db8:0:2::1"))), None);
    assert_eq!(network(ip("::ffff:203.0.113.1")), ip("203.0.113.1"));
}

#[test]
fn a_proxy_is_not_choked_and_those_it_asks_for_are_counted() {
    let gate = gate(&["10.0.0.0/8"]);
    let [proxy, client, other] = ["10.1.1.1", "203.0.113.1", "203.0.113.2"].map(ip);
    let _proxied = [proxy, ip("127.0.0.1"), ip("::1")].map(|peer| gate.connection(peer).expect("a place"));
    let _fourth = gate.connection(proxy).expect("more than one address gets");
    let held = [0; 2].map(|_| gate.forwarded(proxy, Some(client)).expect("a place"));
    let limit = Some(Limit::ConnectionsPerAddress);
    assert_eq!(refusal(gate.forwarded(proxy, Some(client))), limit);
    assert!(matches!(gate.forwarded(proxy, Some(other)), Ok(Some(_))));
    assert!(
        matches!(gate.forwarded(proxy, Some(proxy)), Ok(None)),
        "nobody else is known"
    );
    assert!(
        matches!(gate.forwarded(client, Some(client)), Ok(None)),
        "its connection counts"
    );
    drop(held);
    assert!(matches!(gate.forwarded(proxy, Some(client)), Ok(Some(_))));
}

#[test]
fn bytes_are_counted_until_they_are_given_back() {
    let gate = gate(&[]);
    let [one, other] = ["203.0.113.1", "203.0.113.2"].map(ip);
    let mut first = gate.charge(Some(one));
    assert_eq!(first.add(50), Ok(()));
    assert_eq!(gate.charge(Some(one)).add(11), Err(Limit::BytesPerAddress));
    let mut second = gate.charge(Some(other));
    assert_eq!(second.add(50), Ok(()));
    assert_eq!(gate.charge(None).add(1), Err(Limit::Bytes));
    first.release();
    assert_eq!(
        gate.charge(None).add(50),
        Ok(()),
        "a proxy's own have no part to keep to"
    );
    drop((first, second));
    assert_eq!(gate.held().all, Amount::default());
    assert!(gate.held().addresses.is_empty(), "nothing is left of them");
}
