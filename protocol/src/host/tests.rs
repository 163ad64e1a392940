use super::*;

fn read(text: &str) -> Result<String, AddressError> {
    address(text).map(String::from)
}

#[test]
fn every_spelling_of_a_host_has_one_form() {
    for (text, expected) in [
        ("git.example.com", "https://git.example.com/"),
        (" https://git.example.com/ ", "https://git.example.com/"),
        ("GIT.Example.COM.", "https://git.example.com/"),
        (
            "https://git.example.com.:443/x/../git?a=1#b",
            "https://git.example.com/git",
        ),
        ("bücher.example", "https://xn--bcher-kva.example/"),
        ("xn--bcher-kva.example", "https://xn--bcher-kva.example/"),
        ("https://git。example。com", "https://git.example.com/"),
        ("https://%67it.example.com", "https://git.example.com/"),
        (
            "https://example.com:8443/git/lab",
            "https://example.com:8443/git/lab",
        ),
        // The URL standard's numbers: octal, hexadecimal, decimal, short, and with a trailing dot.
        ("https://0300.0250.1", "https://192.168.0.1/"),
        ("https://0xc0a80001/", "https://192.168.0.1/"),
        ("https://3232235521", "https://192.168.0.1/"),
        ("https://192.168.0.1.", "https://192.168.0.1/"),
        ("https://[2001:DB8:0::1]:8443", "https://[2001:db8::1]:8443/"),
        ("localhost.:3000/git", "http://localhost:3000/git"),
        ("LOCALHOST", "http://localhost/"),
        ("https://localhost.", "https://localhost/"),
        ("http://0x7f.1:80", "http://127.0.0.1/"),
        ("[::1]:1234", "http://[::1]:1234/"),
    ] {
        assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
    }
}

/// CWE-918: what is no host of a service is refused as it is written.
#[test]
fn what_is_no_host_is_refused_by_reason() {
    use AddressError::{Credentials, Insecure, Internal, Malformed, Port};
    for (text, expected) in [
        ("", Malformed),
        ("not a host", Malformed),
        ("javascript:x", Malformed),
        ("ftp://git.example.com", Malformed),
        ("file:///etc/passwd", Malformed),
        ("https://a*b.example", Malformed),
        ("https://a%2Ab.example", Malformed),
        ("https://git..example.com", Malformed),
        ("https://git.example.com..", Malformed),
        ("https://.example.com", Malformed),
        ("https://a$b.example", Malformed),
        ("https://me@git.example.com", Credentials),
        ("https://:pw@git.example.com", Credentials),
        ("http://git.example.com", Insecure),
        ("http://10.0.0.1", Insecure),
        ("https://10.0.0.1:22", Port(22)),
        ("https://git.example.com:6667", Port(6667)),
        ("https://169.254.169.254", Internal),
        ("https://2852039166", Internal),
        ("https://0xa9fea9fe", Internal),
        ("https://0251.0376.0251.0376", Internal),
        ("https://169.254.169.254.", Internal),
        ("https://[::ffff:169.254.169.254]", Internal),
        ("https://[fd00:ec2::254]", Internal),
        ("http://0.0.0.0:1", Internal),
        ("https://0/", Internal),
        ("https://[::]", Internal),
    ] {
        assert_eq!(read(text), Err(expected), "{text}");
    }
}

#[test]
fn an_address_leads_where_the_one_inside_of_it_does() {
    for (text, expected) in [
        ("93.184.215.14", Scope::Global),
        ("172.15.255.255", Scope::Global),
        ("172.16.0.0", Scope::Private),
        ("172.31.255.255", Scope::Private),
        ("172.32.0.0", Scope::Global),
        ("10.0.0.1", Scope::Private),
        ("192.168.1.1", Scope::Private),
        ("100.63.255.255", Scope::Global),
        ("100.64.0.1", Scope::Private),
        ("100.100.100.200", Scope::Internal),
        ("168.63.129.16", Scope::Internal),
        ("127.0.0.1", Scope::Loopback),
        ("127.255.255.254", Scope::Loopback),
        ("0.0.0.0", Scope::Internal),
        ("0.1.2.3", Scope::Internal),
        ("169.254.0.1", Scope::Internal),
        ("192.0.0.192", Scope::Internal),
        ("224.0.0.1", Scope::Internal),
        ("255.255.255.255", Scope::Internal),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", Scope::Global),
        ("::", Scope::Internal),
        ("::1", Scope::Loopback),
        ("::127.0.0.1", Scope::Loopback),
        ("::ffff:127.0.0.1", Scope::Loopback),
        ("::ffff:10.0.0.1", Scope::Private),
        ("::ffff:0:169.254.169.254", Scope::Internal),
        ("64:ff9b::169.254.169.254", Scope::Internal),
        ("64:ff9b::7f00:1", Scope::Loopback),
        ("64:ff9b::93.184.215.14", Scope::Global),
        ("64:ff9b:1::93.184.215.14", Scope::Private),
        ("2002:7f00:1::", Scope::Loopback),
        ("2002:a9fe:a9fe::1", Scope::Internal),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", Scope::Loopback),
        ("fe80::1", Scope::Internal),
        ("febf::1", Scope::Internal),
        ("fec0::1", Scope::Private),
        ("fc00::1", Scope::Private),
        ("fd00:ec2::254", Scope::Internal),
        ("fd20:ce::254", Scope::Internal),
        ("fd12::1", Scope::Private),
        ("ff02::1", Scope::Internal),
    ] {
        assert_eq!(scope(text.parse().expect("an address")), expected, "{text}");
    }
}

#[test]
fn a_base_ends_in_a_slash_and_has_an_id() {
    for (text, expected, named) in [
        ("git.example.com", "https://git.example.com/", "git*example*com"),
        (
            "Example.com.:8443/git/lab",
            "https://example.com:8443/git/lab/",
            "example*com:8443/git/lab",
        ),
        (
            "https://example.com/a.b/",
            "https://example.com/a.b/",
            "example*com/a*b",
        ),
    ] {
        let url = base(text).expect(text);
        assert_eq!(url.as_str(), expected, "{text}");
        assert_eq!(ProviderId::of_host(&host(&url)).as_str(), named, "{text}");
    }
    for text in [
        "https://git.example.com/?x",
        "https://git.example.com/#x",
        "https://git.example.com/a%20b",
        "https://git.example.com/a*b",
        "https://git.example.com/a//b",
        "https://[2001:db8::1]/",
    ] {
        assert_eq!(base(text), Err(AddressError::Malformed), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_what_was_read_is_read_alike(text in "\\PC{0,60}") {
        if let Ok(url) = address(&text) {
            proptest::prop_assert_eq!(address(url.as_str()), Ok(url));
        }
    }

    /// CWE-346: two bases have one id only when they differ by the case of their paths or a dot in them.
    #[test]
    fn two_hosts_never_share_an_id(one in "[a-z0-9.*-]{1,12}", other in "[a-z0-9.*-]{1,12}") {
        if let (Ok(one), Ok(other)) = (base(&one), base(&other)) {
            let id = |url: &Url| ProviderId::of_host(&host(url));
            proptest::prop_assert_eq!(id(&one) == id(&other), one == other);
        }
    }

    #[test]
    fn no_spelling_of_an_internal_number_is_let_through(octets in proptest::array::uniform4(0_u8..)) {
        let address = Ipv4Addr::from(octets);
        let bits = address.to_bits();
        for text in [
            format!("https://{address}"),
            format!("https://{bits}"),
            format!("https://{bits:#x}"),
            format!("https://{address}."),
            format!("https://[::ffff:{address}]"),
        ] {
            let scopes = super::address(&text).ok().map(|url| scope_of(&url));
            let expected = match scope_v4(address) {
                Scope::Internal => None,
                scope => Some(Some(scope)),
            };
            proptest::prop_assert_eq!(scopes, expected, "{}", text);
        }
    }
}
