-- Two transactions must not add the same version at the same time; readers don't wait.
lock table waybill.workflow in share row exclusive mode
