using System.Diagnostics;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>Runs tests one after the other, prints those that fail and a count, and writes a JSON line for
/// each.</summary>
internal sealed class TestSession : IDisposable
{
    private readonly TestOptions _options;
    private readonly StreamWriter? _json;
    private string _group = "";
    private int _passed;
    private int _failed;
    private int _skipped;

    public TestSession(TestOptions options)
    {
        _options = options;
        Device = options.OnCuda ? CUDA : CPU;
        _json = options.Json is null ? null : new StreamWriter(options.Json);
    }

    /// <summary>Where the tensors under test lie.</summary>
    public Device Device { get; }

    /// <summary>Few and small shapes.</summary>
    public bool Quick => _options.Quick;

    public bool OnCuda => _options.OnCuda;

    public TestSession In(string group)
    {
        _group = group;
        Console.WriteLine($"== {group}");
        return this;
    }

    /// <summary>Runs one test; every exception is a failure of this test alone.</summary>
    public void Test(string name, Action body)
    {
        long start = Stopwatch.GetTimestamp();
        string failure = "";
        try
        {
            using var scope = NewDisposeScope();
            body();
            // A kernel's fault belongs to the test that launched it.
            if (OnCuda) cuda.synchronize();
        }
        catch (TestSkippedException reason)
        {
            Skip(name, reason.Message);
            return;
        }
        catch (Exception e)
        {
            failure = e is CheckFailedException ? e.Message : $"{e.GetType().Name}: {e.Message}";
        }

        if (failure.Length == 0) _passed++;
        else
        {
            _failed++;
            Console.WriteLine($"FAILED {_group}: {name}: {failure}");
        }
        Write(name, failure.Length == 0 ? "passed" : "failed", failure, Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Prints the count; the exit status.</summary>
    public int Summarize()
    {
        Console.WriteLine($"{_passed} passed, {_failed} failed, {_skipped} skipped");
        return _failed == 0 && _passed > 0 ? 0 : 1;
    }

    public void Dispose() => _json?.Dispose();

    private void Skip(string name, string reason)
    {
        _skipped++;
        Console.WriteLine($"skipped {_group}: {name}: {reason}");
        Write(name, "skipped", reason, TimeSpan.Zero);
    }

    private void Write(string name, string status, string detail, TimeSpan time)
    {
        if (_json is null) return;
        _json.WriteLine(JsonSerializer.Serialize(
            new { group = _group, test = name, status, detail, milliseconds = Math.Round(time.TotalMilliseconds, 1) }));
        _json.Flush();
    }
}

/// <summary>A result is not what it must be.</summary>
internal sealed class CheckFailedException(string message) : Exception(message);

/// <summary>This machine cannot run the test.</summary>
internal sealed class TestSkippedException(string message) : Exception(message);
