# What pypsrp recorded of Windows servers, and the RSA key of the recordings, as JSON.
import glob
import json
import os

import yaml
from cryptography.hazmat.primitives import serialization
from tests_pypsrp.test_powershell import gen_rsa_keypair

recordings = {}
for path in sorted(glob.glob("tests_pypsrp/responses/test_*.yml")):
    with open(path, encoding="utf-8") as file:
        messages = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["messages"]
    name = os.path.basename(path)[:-4]
    recordings[name] = [[one["request"], one.get("response") or ""] for one in messages]
pem = gen_rsa_keypair(65537, 2048).private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)
print(json.dumps({"recordings": recordings, "key": pem.decode()}))
