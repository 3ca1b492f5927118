-- Records that the contents of a file are complete.
update waybill.file set size = $3, sha256 = $4 where process = $1 and id = $2
