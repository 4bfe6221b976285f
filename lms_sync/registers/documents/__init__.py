"""The register of issued documents: drafting, checking, issuing, handing over, annulling, duplicates, blanks, scans;
and taking over what an academy has registered before.

Every act is one transaction of one actor (`lms_sync.store.register.registering`): what it reads is still true when it
commits, so that numbers have no gaps and no doubles and no blank is used twice, whoever else is issuing.
"""
