using KdKernels.PtxVerify;
using KdKernels.PtxVerify.Driver;

if (args is ["help" or "--help" or "-h", ..])
{
    Console.WriteLine(VerifyOptions.Usage);
    return 0;
}

try
{
    var options = VerifyOptions.Parse(args);
    Verification result = Verification.Run(KernelFolder.Committed, options);
    Console.Write(options.Json ? VerificationText.ToJson(result) + "\n" : VerificationText.ToTable(result));
    return result.Failures.Count == 0 ? 0 : 1;
}
catch (ArgumentException failure)
{
    Console.Error.WriteLine($"kd ptx: {failure.Message}");
    return 1;
}
