-- Two that apply at the same time must not make the same version; readers don't wait.
lock table waybill.workflow in share row exclusive mode
