using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>What an optimiser remembers about one parameter.</summary>
public abstract class OptimizerState
{
    /// <summary>The parameter.</summary>
    protected Parameter _parameter;

    /// <summary>A state of a parameter.</summary>
    protected OptimizerState(Parameter parameter)
    {
        _parameter = parameter;
    }

    /// <summary>Writes the state.</summary>
    public abstract void SaveStateDict(BinaryWriter writer);

    /// <summary>Reads what <see cref="SaveStateDict"/> wrote.</summary>
    public abstract void LoadStateDict(BinaryReader reader);

    /// <summary>Copies another state of the same kind.</summary>
    public abstract void LoadStateDict(OptimizerState source);

    /// <summary>Starts again from nothing.</summary>
    public abstract void Initialize(OptimizerOptions options);

    /// <summary>Whether another state holds nearly the same values.</summary>
    public virtual bool ApproximatelyEquals(OptimizerState other) => false;

    /// <summary>Moves the state to a device.</summary>
    public virtual void to(Device device)
    {
    }

    /// <summary>Reads a tensor that may be absent, onto a device.</summary>
    protected static void LoadConditionalStateTensor(BinaryReader reader, ref Tensor? result, Device device)
    {
        Tensor? loaded = null;
        if (reader.ReadBoolean())
        {
            Tensor read = TensorExtensionMethods.Load(reader);
            loaded = read.to(device).DetachFromDisposeScope();
            if (!ReferenceEquals(loaded, read)) read.Dispose();
        }
        result?.Dispose();
        result = loaded;
    }

    /// <summary>Writes a tensor that may be absent.</summary>
    protected static void SaveConditionalStateTensor(BinaryWriter writer, Tensor? tensor)
    {
        writer.Write(tensor is not null);
        tensor?.Save(writer);
    }

    private protected Tensor ZerosLikeParameter() => zeros_like(_parameter).DetachFromDisposeScope();

    private protected void Replace(ref Tensor? own, Tensor? source)
    {
        Tensor? copy = source?.to(_parameter.dtype, _parameter.device, copy: true).DetachFromDisposeScope();
        own?.Dispose();
        own = copy;
    }

    private protected static void Move(ref Tensor? own, Device device)
    {
        if (own is null) return;
        Tensor moved = own.to(device).DetachFromDisposeScope();
        if (!ReferenceEquals(moved, own)) own.Dispose();
        own = moved;
    }

    private protected static bool Close(Tensor? left, Tensor? right) =>
        left is null || right is null ? left is null && right is null : left.allclose(right);
}
