namespace TorchSharp;

/// <summary>Sets the thread's gradient mode until disposed.</summary>
internal sealed class AutoGradMode : IDisposable
{
    private readonly bool previous;

    public AutoGradMode(bool enabled)
    {
        previous = IsEnabled;
        NativeApi.kd_set_grad_mode(enabled ? 1 : 0);
    }

    public static bool IsEnabled => NativeApi.kd_grad_mode() != 0;

    public void Dispose() => NativeApi.kd_set_grad_mode(previous ? 1 : 0);
}

/// <summary>Sets the thread's inference mode until disposed, which must happen on the same thread.</summary>
internal sealed class InferenceMode : IDisposable
{
    private nint guard;

    public InferenceMode(bool mode) => guard = NativeApi.kd_inference_begin(mode ? 1 : 0);

    public static bool IsEnabled => NativeApi.kd_inference_mode() != 0;

    public void Dispose()
    {
        nint ended = Interlocked.Exchange(ref guard, 0);
        if (ended != 0) NativeApi.kd_inference_end(ended);
    }
}

/// <summary>Makes the engine record where a node was made and stop at NaN gradients, until disposed.</summary>
public class AnomalyMode : IDisposable
{
    private readonly int previous;

    public AnomalyMode(bool enabled, bool check_nan = true)
    {
        previous = NativeApi.kd_anomaly_mode();
        NativeApi.kd_set_anomaly_mode(enabled ? 1 : 0, check_nan ? 1 : 0);
    }

    public static bool IsEnabled => (NativeApi.kd_anomaly_mode() & 1) != 0;

    public static bool ShouldCheckNaN => (NativeApi.kd_anomaly_mode() & 2) != 0;

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing) NativeApi.kd_set_anomaly_mode(previous & 1, (previous >> 1) & 1);
    }
}

public static partial class torch
{
    /// <summary>No graph is recorded on this thread until the result is disposed.</summary>
    public static IDisposable no_grad() => new AutoGradMode(false);

    public static IDisposable enable_grad(bool enabled = true) => new AutoGradMode(enabled);

    public static IDisposable set_grad_enabled(bool mode = true) => new AutoGradMode(mode);

    public static bool is_grad_enabled() => AutoGradMode.IsEnabled;

    /// <summary>As <see cref="no_grad"/>, and tensors made meanwhile can never take part in a graph.</summary>
    public static IDisposable inference_mode(bool mode = true) => new InferenceMode(mode);

    public static bool is_inference_mode_enabled() => InferenceMode.IsEnabled;
}
