# One GSS-API context between an initiator and an acceptor of MIT's library, in one process: the
# initiator takes KRB5CCNAME, the acceptor KRB5_KTNAME. Prints who the acceptor saw and, a line
# each, the attributes of the name that MIT made of the PAC once it had verified its signature:
# name, whether it is authenticated, its octets. Argument: the service, e.g. cifs/serverc.
import ctypes
import sys


class Oid(ctypes.Structure):
    _fields_ = [('length', ctypes.c_uint32), ('elements', ctypes.c_char_p)]


class Data(ctypes.Structure):
    _fields_ = [('length', ctypes.c_size_t), ('value', ctypes.c_void_p)]

    def octets(self):
        return ctypes.string_at(self.value, self.length) if self.length else b''


class DataSet(ctypes.Structure):
    _fields_ = [('count', ctypes.c_size_t), ('elements', ctypes.POINTER(Data))]


gss = ctypes.CDLL('libgssapi_krb5.so.2')
minor = ctypes.c_uint32()
COMPLETE, CONTINUE = 0, 1
MUTUAL_AND_INTEGRITY = 2 | 32
KRB5 = Oid(9, b'\x2a\x86\x48\x86\xf7\x12\x01\x02\x02')
PRINCIPAL_NAME = Oid(10, b'\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01')


def data(octets):
    keep = ctypes.create_string_buffer(octets, len(octets))
    return Data(len(octets), ctypes.cast(keep, ctypes.c_void_p)), keep


def check(what, major):
    if major not in (COMPLETE, CONTINUE):
        text, more = Data(), ctypes.c_uint32()
        gss.gss_display_status(ctypes.byref(ctypes.c_uint32()), minor, 2, ctypes.byref(KRB5),
                               ctypes.byref(more), ctypes.byref(text))
        sys.exit('%s: %08x %s' % (what, major, text.octets().decode()))
    return major


def ref(value):
    return ctypes.byref(value)


service, initiator, acceptor, client = (ctypes.c_void_p() for _ in range(4))
name, _keep = data(sys.argv[1].encode())
check('import', gss.gss_import_name(ref(minor), ref(name), ref(PRINCIPAL_NAME), ref(service)))

request, reply = Data(), Data()
check('initiate', gss.gss_init_sec_context(
    ref(minor), None, ref(initiator), service, ref(KRB5), MUTUAL_AND_INTEGRITY, 0, None, None,
    None, ref(request), None, None))
check('accept', gss.gss_accept_sec_context(
    ref(minor), ref(acceptor), None, ref(request), None, ref(client), None, ref(reply), None,
    None, None))
check('finish', gss.gss_init_sec_context(
    ref(minor), None, ref(initiator), service, ref(KRB5), MUTUAL_AND_INTEGRITY, 0, None,
    ref(reply), None, ref(Data()), None, None))

shown = Data()
check('display', gss.gss_display_name(ref(minor), client, ref(shown), None))
print('client', shown.octets().decode())

attributes = ctypes.POINTER(DataSet)()
check('inquire', gss.gss_inquire_name(ref(minor), client, None, None, ref(attributes)))
for i in range(attributes.contents.count if attributes else 0):
    attribute = attributes.contents.elements[i]
    authenticated, complete, more = ctypes.c_int(), ctypes.c_int(), ctypes.c_int(-1)
    value, display = Data(), Data()
    check('attribute', gss.gss_get_name_attribute(
        ref(minor), client, ref(attribute), ref(authenticated), ref(complete), ref(value),
        ref(display), ref(more)))
    print(attribute.octets().decode(), authenticated.value, value.octets().hex())
