namespace KdKernels.Cli;

/// <summary>What <c>kd</c> tells the shell. Scripts rely on these: they do not change their meaning.</summary>
public static class ExitCode
{
    public const int Done = 0;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 1;

    /// <summary>The recipe, the data, a checkpoint or the run folder is wrong.</summary>
    public const int InvalidInput = 2;

    /// <summary>A loss was NaN or infinite; the batch was saved.</summary>
    public const int Diverged = 3;

    /// <summary>libtorch, the native library or the device is not there.</summary>
    public const int Unavailable = 4;

    /// <summary>A fault of the program itself (EX_SOFTWARE of sysexits.h).</summary>
    public const int Fault = 70;

    /// <summary>Interrupted, with a checkpoint to go on from (128 + SIGINT).</summary>
    public const int Interrupted = 130;
}
