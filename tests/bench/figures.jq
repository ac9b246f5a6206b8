# From measured rounds to figures: median, spread, goal. Ratios are taken round by round.
def r3: . * 1000 | round / 1000;
def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def figure($name; $unit; $goal; $excluded):
  { name: $name, unit: $unit, goal: $goal, value: (median | r3), spread: [(min | r3), (max | r3)], rounds: length, excluded: $excluded, met: (median <= $goal) };
def figure_missing($name; $unit; $goal; $why): { name: $name, unit: $unit, goal: $goal, value: null, missing: $why };
def figure_of_more($name; $unit; $goal; $excluded): figure($name; $unit; $goal; $excluded) | .met = (.value >= $goal);
# The sum of the signature verifications that one token asks for, round by round.
def floor: . as $m | [range(.p256_us | length) | $m.p256_us[.] * $m.p256_signatures + $m.p384_us[.] * $m.p384_signatures];
def over($floor): . as $a | ($floor | median) as $f | $a | map(. / $f);

"nothing but the TLS handshake: newSession, TLS records and the durable store are in it" as $whole |
($devices | floor) as $devices_floor | ($tpm | floor) as $tpm_floor |
{ figures: ([
    ($devices | [.verify_appraise_us, $devices_floor] | transpose | map(.[0] / .[1])
      | figure("8 P-384 devices: verify and appraise / its OpenSSL signature verifications"; "ratio"; 1.15; "decoding of the token; chains and keys are warm")),
    ($devices.load.server_us | over($devices_floor)
      | figure("8 P-384 devices: whole attestation on the server, two hosts at once / the same"; "ratio"; 1.5; $whole)),
    ($tpm.load.server_us | map(. / 1000)
      | figure("TPM only: whole attestation on the server, four hosts at once"; "ms CPU"; 0.4; $whole)),
    ($tpm.load.server_us | over($tpm_floor)
      | figure("TPM only: the same / its OpenSSL signature verifications"; "ratio"; 4.5; $whole + "; the goal is the one above where a P-256 check takes 44 µs")),
    ($boot_log.replay_us | map(. / 1000)
      | figure("boot log of \($boot_log.events) events: parse, replay to \($boot_log.banks) bank(s)"; "ms CPU"; 0.5; "reading the file; data against digests, names and texts, which cost \($boot_log.claims_us | median | r3) µs more")),
    ($ima.entries_per_s | map(1000000 / .)
      | figure("IMA list of \($ima.entries) entries: parse and replay to one bank, each entry"; "µs CPU"; 1; "reading the list; comparing its files with reference values")),
    ([$appraise.match_us, $appraise.floor_us] | transpose | map(.[0] / .[1])
      | figure("appraisal of \($appraise.devices) devices of \($appraise.blocks) blocks against \($appraise.corims) CoRIMs of their model / the OpenSSL signature verifications of such a token"; "ratio"; 0.15; "decoding and verifying; making the snapshot, \($appraise.snapshot_ready_us / 1000 | r3) ms after parsing")),
    ([$appraise.miss_us, $appraise.match_us] | transpose | map(.[0] / .[1])
      | figure("the same where one block of one device is another, with the closest values found / where all match"; "ratio"; 1.5; "the first miss of a snapshot, which makes the index of values: \($appraise.first_miss_us / 1000 | r3) ms")),
    ([$refvals.import_large_ms, $refvals.import_small_ms] | transpose | map(.[0] / .[1])
      | figure("import of one CoRIM: request into a store of \($refvals.large) / of \($refvals.small)"; "ratio"; 4; "signing it; wall time, the store's disk is in it; filling the store, \($refvals.imports_per_second | r3) signed CoRIMs per second")),
    ([$refvals.swap_p99_ms, $refvals.quiet_p99_ms] | transpose | map(.[0] / .[1])
      | figure("99th percentile of a request with a token, two hosts at once: while the snapshot of \($refvals.large) CoRIMs is swapped without a pause / while nothing changes"; "ratio"; 3; "making the token; wall time, on a machine that hosts, operator and server share")),
    ([$devices.agent_us, $devices.collector_us] | transpose | map((.[0] + .[1]) / 1000)
      | figure("agent and collector: one attestation of 8 devices"; "ms CPU"; 5; "TPM and devices, which are processes of their own")),
    ([$tpm.agent_us, $tpm.collector_us] | transpose | map((.[0] + .[1]) / 1000)
      | figure("agent and collector: one attestation, TPM only"; "ms CPU"; 5; "the TPM, a process of its own")),
    ([($devices.agent_anon_kib + $devices.collector_anon_kib) / 1024]
      | figure("agent and collector: anonymous resident memory"; "MiB"; 4; "mapped files: program and library code")),
    ($overview.overview_ms
      | figure("overview of \($overview.hosts) hosts of \($overview.devices) devices: 99th percentile of the query"; "ms"; 100; "TLS handshake; wall time, on a machine that asker and server share; \($overview.bytes) bytes")),
    ($overview.pages_ms
      | figure("the slowest of the other questions of a dashboard (\($overview.slowest)): the same"; "ms"; 200; "the same")),
    ([$overview.kib / 1024]
      | figure("server with that fleet: resident memory"; "MiB"; 512; "nothing")),
    (["Chromium: from asking for the dashboard to the overview drawn, \($overview.hosts) hosts", "the same, the files of the page kept from before",
      "the first page of the dashboard in Chromium, with its chart", "attestations per second with 50 dashboards open / with none"] as $names |
      if $overview.paint == null then
        figure_missing($names[0]; "ms"; 200; $no_browser), figure_missing($names[1]; "ms"; 200; $no_browser),
        figure_missing($names[2]; "KiB"; 200; $no_browser), figure_missing($names[3]; "ratio"; 0.8; $no_browser)
      else
        ($overview.paint.first_ms | figure($names[0]; "ms"; 200; "signing in, the chart; with it the browser's new connection and the reading of the scripts; wall time, on a machine that browser and server share")),
        ($overview.paint.again_ms | figure($names[1]; "ms"; 200; "the same")),
        ($overview.paint.bytes | map(. / 1024) | figure($names[2]; "KiB"; 200; "the TLS handshake; \($overview.paint.answers) answers with their headers")),
        ([$overview.watched.open_per_second, $overview.watched.none_per_second] | transpose | map(.[0] / .[1])
          | figure_of_more($names[3]; "ratio"; 0.8; "making the tokens; the processor time of the dashboards' side is in it, for they run on the same machine; \($overview.watched.none_per_second | median | r3) per second with none"))
      end)
  ] + (if $release == null then [] else [
    ([$release.tang_us, $release.release_us] | transpose | map(.[0] / .[1])
      | figure_of_more("recovery of a key by Tang, which attests nothing / a share given out after an attestation with one device, CPU time of the server"; "ratio"; 20; "TLS handshake; a connection to Tang for each, as its clients make it, and one that is kept to ours")) ] end)),
  measured: { tpm_only: $tpm, eight_devices: $devices, boot_log: $boot_log, appraise: $appraise, ima: $ima, refvals: $refvals, release: $release, overview: $overview } }
+ if $vm == null then {} else { vm: {
  figures: [
    ([$vm.read_us, $vm.answer_us] | transpose | map(.[0] / .[1])
      | figure("kernel module: READ with a nonce / the time of the device itself"; "ratio"; 50; "starting the program that asks; in it are \($vm.exchanges) exchanges over the mailbox and the kernel's check of the signature, on a processor that is emulated")),
    ($vm.kernel_kib
      | figure("kernel module: kernel memory of a device with its evidence"; "KiB"; 32; "code and data of the module, \($vm.module_kib) KiB; thread stacks; what the kernel keeps for any PCI device")),
    ([$vm.suite_s] | figure("suite vm: wall time"; "s"; 600; "fetching QEMU, kernel and firmware; one run, the last one logged"))
  ],
  measured: $vm } } end
