"""edXML messages in the shape that the axis's own kits write them, with personal data where such messages have it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from xml.sax.saxutils import escape

from tests.support.probe import EMAIL, PERSON, PHONE

NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
SUBJECT = "V/v cấp phép cho bà Canary Trần Thị Bích"
ATTACHMENT = b"canary-attachment: " + PERSON.encode()
STAFF = f"<edXML:StaffInfo><edXML:Department>Văn thư</edXML:Department><edXML:Staff>{PERSON}</edXML:Staff>" + (
    f"<edXML:Mobile>{PHONE}</edXML:Mobile><edXML:Email>{EMAIL}</edXML:Email></edXML:StaffInfo>"
)
SIGNATURE = (
    '<edXML:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo/>'
    f"<ds:SignatureValue>GbVb8n9+qFxz466Ag0sb</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509SubjectName>CN={PERSON}"
    "</ds:X509SubjectName></ds:X509Data></ds:KeyInfo></edXML:Signature>"
)


def organ(tag: str, code: str) -> str:
    return (
        f"<edXML:{tag}><edXML:OrganId>{code}</edXML:OrganId><edXML:OrganizationInCharge>UBND tỉnh"
        f"</edXML:OrganizationInCharge><edXML:OrganName>Cơ quan {code}</edXML:OrganName><edXML:Email>{EMAIL}"
        f"</edXML:Email><edXML:Telephone>{PHONE}</edXML:Telephone></edXML:{tag}>"
    )


def document_id(sender: str, number: int | str, day: str = "2025/03/01") -> str:
    """As the kits make it: sender, day, number and notation."""
    return f"{sender},{day},{number}/QĐ-STTTT"


def message(
    kind: str,
    sender: str,
    to: Sequence[str],
    number: int | str,
    at: str,
    *,
    document: str | None = None,
    target: str = "",
    response_for: str = "",
    replaces: Sequence[tuple[str, Sequence[str]]] = (),
    changes: Sequence[tuple[str, str]] = (),
    paper: str = "0",
    signed: bool = True,
    more: str = "",
) -> bytes:
    """A document message. `target` is Bussiness.DocumentId; `replaces` are (document, receivers), `changes` (receiver,
    type)."""
    own = document if document is not None else document_id(sender, number)
    answered = (
        f"<edXML:ResponseFor><edXML:OrganId>{to[0]}</edXML:OrganId><edXML:Code>1/X</edXML:Code>"
        f"<edXML:DocumentId>{escape(response_for)}</edXML:DocumentId></edXML:ResponseFor>"
        if response_for
        else ""
    )
    header = (
        f"{organ('From', sender)}{''.join(organ('To', one) for one in to)}"
        f"<edXML:Code><edXML:CodeNumber>{number}</edXML:CodeNumber><edXML:CodeNotation>QĐ-STTTT</edXML:CodeNotation>"
        "</edXML:Code><edXML:PromulgationInfo><edXML:Place>An Giang</edXML:Place><edXML:PromulgationDate>2025/03/01"
        "</edXML:PromulgationDate></edXML:PromulgationInfo><edXML:DocumentType><edXML:Type>18</edXML:Type>"
        f"<edXML:TypeName>Công văn</edXML:TypeName></edXML:DocumentType><edXML:Subject>{SUBJECT}</edXML:Subject>"
        f"<edXML:Content>{SUBJECT}</edXML:Content><edXML:SignerInfo><edXML:Competence>KT.</edXML:Competence>"
        f"<edXML:Position>Phó giám đốc</edXML:Position><edXML:FullName>{PERSON}</edXML:FullName></edXML:SignerInfo>"
        f"<edXML:ToPlaces><edXML:Place>{PERSON}</edXML:Place></edXML:ToPlaces>{answered}<edXML:SteeringType>0"
        f"</edXML:SteeringType><edXML:DocumentId>{escape(own)}</edXML:DocumentId>{more}"
    )
    return _envelope(
        f"<edXML:MessageHeader>{header}</edXML:MessageHeader>"
        f'<edXML:TraceHeaderList id="a" version="1.0"><edXML:TraceHeader><edXML:OrganId>{sender}</edXML:OrganId>'
        f"<edXML:Timestamp>{at}</edXML:Timestamp></edXML:TraceHeader><edXML:TraceHeader><edXML:OrganId>000.00.00.G22"
        f"</edXML:OrganId><edXML:Timestamp>2030/01/01 00:00:00</edXML:Timestamp></edXML:TraceHeader>"
        f"{_bussiness(kind, target, replaces, changes, paper)}</edXML:TraceHeaderList>"
        + (SIGNATURE if signed else "<edXML:DigitalSignature/>")
    )


def status(sender: str, about: str, of: str, code: str, at: str) -> bytes:
    """What `sender` says about a document of `of`."""
    return _envelope(
        f"<edXML:Status><edXML:ResponseFor><edXML:OrganId>{of}</edXML:OrganId><edXML:DocumentId>{escape(about)}"
        f"</edXML:DocumentId></edXML:ResponseFor>{organ('From', sender)}<edXML:StatusCode>{code}</edXML:StatusCode>"
        f"<edXML:Description>{PERSON} đã nhận</edXML:Description><edXML:Timestamp>{at}</edXML:Timestamp>{STAFF}"
        "</edXML:Status>"
    )


def _bussiness(
    kind: str,
    target: str,
    replaces: Sequence[tuple[str, Sequence[str]]],
    changes: Sequence[tuple[str, str]],
    paper: str,
) -> str:
    named = f"<edXML:DocumentId>{escape(target)}</edXML:DocumentId>" if target else ""
    replaced = "".join(
        f"<edXML:ReplacementInfo><edXML:DocumentId>{escape(one)}</edXML:DocumentId><edXML:OrganIdList>"
        + "".join(f"<edXML:OrganId>{code}</edXML:OrganId>" for code in codes)
        + "</edXML:OrganIdList></edXML:ReplacementInfo>"
        for one, codes in replaces
    )
    receivers = "".join(
        f"<edXML:Receiver><edXML:OrganId>{code}</edXML:OrganId><edXML:ReceiverType>{change}</edXML:ReceiverType>"
        "</edXML:Receiver>"
        for code, change in changes
    )
    return (
        f"<edXML:Bussiness><edXML:BussinessDocType>{kind}</edXML:BussinessDocType><edXML:BussinessDocReason>{SUBJECT}"
        f"</edXML:BussinessDocReason>{named}"
        + (
            "<edXML:BussinessDocumentInfo><edXML:DocumentReceiver>1</edXML:DocumentReceiver><edXML:ReceiverList>"
            f"{receivers}</edXML:ReceiverList></edXML:BussinessDocumentInfo>"
            if receivers
            else ""
        )
        + STAFF
        + f"<edXML:Paper>{paper}</edXML:Paper>"
        + (f"<edXML:ReplacementInfoList>{replaced}</edXML:ReplacementInfoList>" if replaced else "")
        + "</edXML:Bussiness>"
    )


def _envelope(header: str) -> bytes:
    body = (
        '<edXML:edXMLBody><edXML:edXMLManifest version="1.0"><edXML:Reference><edXML:AttachmentName>'
        f"{PERSON}.pdf</edXML:AttachmentName></edXML:Reference></edXML:edXMLManifest></edXML:edXMLBody>"
    )
    attached = (
        "<AttachmentEncoded><Attachment><ContentId>1</ContentId><ContentTransferEncoded>"
        f"{base64.b64encode(ATTACHMENT).decode()}</ContentTransferEncoded></Attachment></AttachmentEncoded>"
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<edXML xmlns="{NAMESPACE}"><edXML:edXMLEnvelope xmlns:edXML="{NAMESPACE}">'
        f"<edXML:edXMLHeader>{header}</edXML:edXMLHeader>{body}</edXML:edXMLEnvelope>{attached}</edXML>"
    ).encode()
