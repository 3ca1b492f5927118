-- Takes records away again that this transaction made: none of their events may open them.
delete from waybill.process where key = any ($1::uuid[])
