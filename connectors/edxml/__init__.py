"""edXML, the form of documents between agencies (QCVN 102:2016/BTTTT): messages, and what becomes of a document."""
