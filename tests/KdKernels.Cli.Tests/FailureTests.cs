using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Training;

namespace KdKernels.Cli.Tests;

public sealed class FailureTests
{
    public static TheoryData<Exception, int> Expected => new()
    {
        { new RecipeException("a.yaml", 3, "student.modle", "unknown key"), ExitCode.InvalidInput },
        { new KdDataException("train.bin", 512, "expected 3073 bytes but got 12"), ExitCode.InvalidInput },
        { new CheckpointException("state.json: damaged"), ExitCode.InvalidInput },
        { new RunFolderException("runs/x is in use by another process"), ExitCode.InvalidInput },
        { new DivergedException("the loss became NaN"), ExitCode.Diverged },
        { new DeviceException("expected a CUDA device"), ExitCode.Unavailable },
        { new ExternalException("CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0)"), ExitCode.Unavailable },
        { new ExternalException("CUDA error: device-side assert triggered"), ExitCode.Unavailable },
        { new ExternalException("mat1 and mat2 shapes cannot be multiplied"), ExitCode.Fault },
        { new TypeInitializationException("A", new DllNotFoundException("no libkdtorch.so")), ExitCode.Unavailable },
    };

    [Theory]
    [MemberData(nameof(Expected))]
    public void What_a_user_can_mend_is_one_sentence_and_a_code(Exception failure, int code)
    {
        ArgumentNullException.ThrowIfNull(failure);
        var captured = new CapturedConsole();
        Assert.Equal(code, FailureReport.Write(failure, captured.Console(errorIsTerminal: false)));
        string message = (failure.InnerException ?? failure).Message;
        Assert.Contains(message, captured.Error, StringComparison.Ordinal);
        Assert.All(
            captured.Error.TrimEnd('\n').Split('\n'),
            line => Assert.StartsWith("kd: ", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_checkpoint_that_is_not_there_is_named()
    {
        var captured = new CapturedConsole();
        Assert.Equal(ExitCode.InvalidInput, await captured.RunAsync("eval", "--checkpoint", "no/such/checkpoint"));
        Assert.Contains("kd: no/such/checkpoint: expected a checkpoint folder", captured.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fault_of_ours_is_a_paragraph_and_a_file_with_the_trace()
    {
        var captured = new CapturedConsole();
        Assert.Equal(ExitCode.Fault, FailureReport.Write(Thrown(), captured.Console(errorIsTerminal: false)));
        Assert.Contains("InvalidOperationException: the impossible happened", captured.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(nameof(Thrown), captured.Error, StringComparison.Ordinal);

        string path = Regex.Match(
            captured.Error,
            @"trace is in (?<path>\S+);",
            RegexOptions.None,
            TimeSpan.FromSeconds(5)).Groups["path"].Value;
        try
        {
            Assert.Contains(nameof(Thrown), File.ReadAllText(path), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static InvalidOperationException Thrown()
    {
        try
        {
            throw new InvalidOperationException("the impossible happened");
        }
        catch (InvalidOperationException caught)
        {
            return caught;
        }
    }
}
