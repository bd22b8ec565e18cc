//! Keys made for these tests with `ssh-keygen`, and what it says of them.

/// A public key, its size and its two fingerprints.
pub(crate) struct Sample {
    pub(crate) key_type: &'static str,
    pub(crate) base64: &'static str,
    pub(crate) bits: u32,
    pub(crate) fingerprint: &'static str,
    pub(crate) md5: &'static str,
}

impl Sample {
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.key_type, self.base64)
    }
}

pub(crate) const ALL: [Sample; 10] = [
    RSA_1024, RSA_2048, RSA_3072, DSS, ED25519, ECDSA_256, ECDSA_384, ECDSA_521, SK_ED25519,
    SK_ECDSA,
];

pub(crate) const RSA_1024: Sample = Sample {
    key_type: "ssh-rsa",
    base64: "AAAAB3NzaC1yc2EAAAADAQABAAAAgQDUiXHA6RNvuwlgqyrXN1fZy3U3sqQTcNohpXZZRLdOYbgGuEd6Pni3Z2U0ZODnbnuOLxDz92Vq1Suo4jm29+f1UU4t6P64MsCfg6EVkNgVxGBur7slPzp5z/jKKbCZFoORqyseaGqVtT3eTcPO+1cdWC02EnkmS7y1BQo2G2FcCw==",
    bits: 1024,
    fingerprint: "SHA256:XvIUY/mlyz/hFerZ1qAAvmoRF4oZriddIvIfytoWrbU",
    md5: "67:1d:b0:74:d3:67:c8:59:93:3b:bf:87:87:39:1a:16",
};

pub(crate) const RSA_2048: Sample = Sample {
    key_type: "ssh-rsa",
    base64: "AAAAB3NzaC1yc2EAAAADAQABAAABAQDDQ0LfD3yFkMAgW/cnyr6O2CkbzNqfKMsTvl7npayVUqcoEBnU2VwRP6mwr8afckgUxZI4AwG0mZErAcxR6hYwNCJkFozzf6+hCByoV4or/9gUGQH0raB9Uu8nTQkPfyPZsV/CGrwMeJM9O0HsbXzfx4bfepD3snBf0pyePm7nlH9Ck2JnDg3EdJ41Eje9B6pbiKoRGyCqaOWbzgi8ljjnZNkYxF5scjeqqmzsXjfVBs5k/Z6sUSZ+K8Xbz883KM6bQJNOcNZmW3fyMSIQGRs9HwTJbJU74DXVmJ1FwhwlO9MoBr8j2Xr3GgJV1rB1udhQ5wTsNmUpgCgKMle2Hhrj",
    bits: 2048,
    fingerprint: "SHA256:vFbWJ5Cq5ZxxBq0zYGoa1RnqjsDdKaMoygq9M9tj8e8",
    md5: "78:d9:1a:a0:27:77:8d:82:c4:bc:fb:04:d6:27:fd:0d",
};

pub(crate) const RSA_3072: Sample = Sample {
    key_type: "ssh-rsa",
    base64: "AAAAB3NzaC1yc2EAAAADAQABAAABgQCkDS5xGCPoe8rP6KlD6vpsMsEZTwXkotjEpTyOlVayGD0qkMppUsoWihk4MZ/w0iY6cBEiIr+FxBTT3uBo7cDvZejMw99jIYBYLl3DdOfP+knfUynGOTRXNXtCMDntWAE5x4adHZ8juLAT/siFzXOutOZkRn4T4J32N5vqTEEqwLU7GbokuSmvAZ64cu1j9kSg3wT9H4KASCJ7JbaoMiKMgKJlwfZfstUhjgZzeTrzJortJuAaDFOIJsalEDV9FL/Rmcbf6Nypx07IIFOcNyK37UIg/bO+pxZzoWSx0mWDf0yf4rTz+59udb3bNmqUjxPwwTz5syU3Ku4Eo+bF05HwMJ8khNz852hgI0ylcHAf0spqG6TSgYLcee4HSV5dKywK1Oal7xpBE4U2+F5rhyQ7J+V1dxrANvmGoZh6xNkzJTVaVC3ZIHQ/68iK8y28F+bAS3EsPtsm+QhjcJCWeFeVX0MJ2lC17DgNyGLrChIXsiRr9h88keXGWzfxg8IoxrM=",
    bits: 3072,
    fingerprint: "SHA256:HkVzu58N3PnTBs2TIDmBJf4NowMzs3RqA54VK6XxJPI",
    md5: "b5:d5:ba:17:19:d8:22:9b:bd:27:f4:75:42:43:9f:d5",
};

pub(crate) const DSS: Sample = Sample {
    key_type: "ssh-dss",
    base64: "AAAAB3NzaC1kc3MAAACBAOPtf38bVwCD+D4CPHaogGu6n+6FiXrAhId6254uvx0SgYOtNKxvp0nn0GXkuDA8h2K4fcz0NlCQKoc7G2rhpJzQchfFfOcwAdJP9OqbyupteCGrfyhACDrpkMIMM/cPzKXumKHxUoNMRdQnJ1nuwN+HNQcWUXT0CzE8JJVNSOaJAAAAFQCwdMzSVGs9Mog3jIwAsNkrPqn+RwAAAIEApziOX86QgsbZwazdnIDne5lFBBoT9JGuZ4lFDz72jpeEHQv5vt/dwEftO+LiC+Nb7TQf08UPUAcl+hnqn+Gb6y9OVrxwWFk4KrHRF5/5ir/gUsYle/BHl7+Lahwn7LAMj/Q0TRTnmByJCLk2QKQXvFk4ddwtNHGBPuKDaHJEyUQAAACAYLPr22AAOkZbXW4bSEVqJMM+ixF0OjAzk7ojg8RMQU9AMo0U1D+3FLhVLGM/VYL/2DInszXkpmsIyVfxg/KHQSZKIqIDQA3JzRPQYVAsm6KofTKQ8zUg9jjdhNcAymiOJggSQYK8GNlDisTaQGE90wUQrVvw8HBS4F6ATLE53Ig=",
    bits: 1024,
    fingerprint: "SHA256:Hdt4hyguvR2XYE1WiXWZuv7gohCjT4u/7Bomm87Dmj8",
    md5: "a1:e6:b4:c4:f1:98:53:2c:a5:09:78:03:9c:6f:be:fb",
};

pub(crate) const ED25519: Sample = Sample {
    key_type: "ssh-ed25519",
    base64: "AAAAC3NzaC1lZDI1NTE5AAAAII8Vf9g4OdnXLpqL1o9St+0BLpuTutRGn9welNaDBYK0",
    bits: 256,
    fingerprint: "SHA256:NAAOWCYQVnDWzcy1kp7C7Mrm0nnPKvoJ74TiKTHZz0I",
    md5: "b9:bb:75:87:73:82:f3:00:af:b7:bc:26:37:4b:c2:71",
};

pub(crate) const ECDSA_256: Sample = Sample {
    key_type: "ecdsa-sha2-nistp256",
    base64: "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBDxrl3jZg4DSpo/wbSuZRIOTHEbCJhC0GcqkJ3Q9av28VrIdGNAXpb2IVM/UeWZ94kDPNYm343yz22VZ6HfE9IM=",
    bits: 256,
    fingerprint: "SHA256:8MLULp/l+yT+FWJlbnOqaPs2IZANpg566SDItNgsYKA",
    md5: "28:af:ee:b7:e0:dd:78:d4:4a:d1:60:f3:ba:b3:d4:ec",
};

pub(crate) const ECDSA_384: Sample = Sample {
    key_type: "ecdsa-sha2-nistp384",
    base64: "AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBHd4ffAaH1dI6njzO8Jf04m27IK/7qdBJKXWG+kKjlFCiFr3MKVD5QUb3Os5tnqEGm8VrLFrtbxxtfn/2EdpH5VEZAURQ6MOY8AcdeMseJNvABfRxQp389IQZElTi1S3Zg==",
    bits: 384,
    fingerprint: "SHA256:C35q3Z5n5I+UXMxU2Cer5vc1GbrfSUngFVBEwhPCf7M",
    md5: "44:2e:b8:7e:84:4b:02:74:47:5e:b3:49:b5:d7:fb:57",
};

pub(crate) const ECDSA_521: Sample = Sample {
    key_type: "ecdsa-sha2-nistp521",
    base64: "AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBABT2ahsW058kQU6Ixyl2EUEMvlI9p83UaZoi0NnoSY8DJd+bsgWHsAr2Frype69j06OYM61VmoivH9DIurVgQqI3QDYCF0FHYMGwZ4e8E27Wgjh569/8SQ/zx57xgth00JsxhZTPpv40KCL0LWhNi/+X+dVPXlo3wcd+UJpU7I/OQzjPw==",
    bits: 521,
    fingerprint: "SHA256:b+eACJppPpfjib7S7ElJKdi+CJ7/yWFi/6KbRDNTI/U",
    md5: "34:46:b0:ca:4a:94:7a:86:47:96:46:d1:5e:6d:36:01",
};

pub(crate) const SK_ED25519: Sample = Sample {
    key_type: "sk-ssh-ed25519@openssh.com",
    base64: "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAII8Vf9g4OdnXLpqL1o9St+0BLpuTutRGn9welNaDBYK0AAAABHNzaDo=",
    bits: 256,
    fingerprint: "SHA256:qql54GqlKNPHLc+I9689yH7inn1Z/bRfBpFhlI8qFd8",
    md5: "c6:0b:e6:e5:aa:4a:88:d2:a1:26:d4:41:38:c9:b4:06",
};

pub(crate) const SK_ECDSA: Sample = Sample {
    key_type: "sk-ecdsa-sha2-nistp256@openssh.com",
    base64: "AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBDxrl3jZg4DSpo/wbSuZRIOTHEbCJhC0GcqkJ3Q9av28VrIdGNAXpb2IVM/UeWZ94kDPNYm343yz22VZ6HfE9IMAAAAEc3NoOg==",
    bits: 256,
    fingerprint: "SHA256:8CN7vSTm7wNoWatm8kSV9WvbcBRMQ4FzRkTv4xqRqJI",
    md5: "d8:98:fb:a8:27:dd:31:a3:70:7d:1c:a5:50:11:cf:e9",
};

/// A certificate over one of the keys: no key itself.
pub(crate) const CERTIFICATE: &str = "ecdsa-sha2-nistp256-cert-v01@openssh.com AAAAKGVjZHNhLXNoYTItbmlzdHAyNTYtY2VydC12MDFAb3BlbnNzaC5jb20AAAAgR5/9LECNPYF4p9KNPNj8eEDt8z0iuIxel9ycoQuJfLkAAAAIbmlzdHAyNTYAAABBBDxrl3jZg4DSpo/wbSuZRIOTHEbCJhC0GcqkJ3Q9av28VrIdGNAXpb2IVM/UeWZ94kDPNYm343yz22VZ6HfE9IMAAAAAAAAAAAAAAAEAAAABeAAAAAgAAAAEcm9vdAAAAAAAAAAA//////////8AAAAAAAAAggAAABVwZXJtaXQtWDExLWZvcndhcmRpbmcAAAAAAAAAF3Blcm1pdC1hZ2VudC1mb3J3YXJkaW5nAAAAAAAAABZwZXJtaXQtcG9ydC1mb3J3YXJkaW5nAAAAAAAAAApwZXJtaXQtcHR5AAAAAAAAAA5wZXJtaXQtdXNlci1yYwAAAAAAAAAAAAABFwAAAAdzc2gtcnNhAAAAAwEAAQAAAQEAw0NC3w98hZDAIFv3J8q+jtgpG8zanyjLE75e56WslVKnKBAZ1NlcET+psK/Gn3JIFMWSOAMBtJmRKwHMUeoWMDQiZBaM83+voQgcqFeKK//YFBkB9K2gfVLvJ00JD38j2bFfwhq8DHiTPTtB7G1838eG33qQ97JwX9Kcnj5u55R/QpNiZw4NxHSeNRI3vQeqW4iqERsgqmjlm84IvJY452TZGMRebHI3qqps7F431QbOZP2erFEmfivF28/PNyjOm0CTTnDWZlt38jEiEBkbPR8EyWyVO+A11ZidRcIcJTvTKAa/I9l69xoCVdawdbnYUOcE7DZlKYAoCjJXth4a4wAAARQAAAAMcnNhLXNoYTItNTEyAAABAGX1y5qJdRe7i+pLuGf1awa3z1LLU3tBxjt4jkjyU+XL/hpCFt6L3nYeYclWBDvVllJRq3yuDXto8WtUYUbVeL8do63RNMB2H5zOphVNlAp7RVOkcKqdLl+dLrNBLS1SSN84qW9EXn/iA+u4tvrffLKPhD6tHh8lyXutPmoyu7pLc+5gW8aDn314JSNyLLtlJDYfOoPx69pJuRC3b81q6y59rATZVKmGDGTlRgwuF21/S2ebcXRLYb1bOmeN2McIQ3IRwG329dHqwn2IyBTAFyD5TgurTmXmCGVxBQu7v2E9o+hCdKt37DO0uKB/ExpMugGma9RtdBX5bpoL3dnCxKY=";
