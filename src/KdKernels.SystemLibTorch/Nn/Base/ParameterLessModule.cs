using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Marks modules that hold no tensors.</summary>
public interface IParameterLessModule
{
}

/// <summary>A module of one argument that holds no tensors: moving it does nothing.</summary>
public abstract class ParameterLessModule<T1, TResult> : nn.Module<T1, TResult>, IParameterLessModule
{
    /// <summary>Starts a module.</summary>
    protected ParameterLessModule(string name)
        : base(name)
    {
    }

    /// <inheritdoc/>
    protected internal override nn.Module _to(Device device, ScalarType dtype, bool non_blocking) => this;

    /// <inheritdoc/>
    protected internal override nn.Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking) => this;

    /// <inheritdoc/>
    protected internal override nn.Module _to(ScalarType dtype, bool non_blocking) => this;

    /// <inheritdoc/>
    public override void register_buffer(string name, Tensor tensor, bool persistent = true) =>
        throw ParameterLess.Refused("a buffer");

    /// <inheritdoc/>
    public override void register_parameter(string name, Parameter param) => throw ParameterLess.Refused("a parameter");

    /// <inheritdoc/>
    public override void register_module(string name, nn.Module submodule)
    {
        ParameterLess.Check(submodule);
        base.register_module(name, submodule);
    }
}

/// <summary>A module of two arguments that holds no tensors: moving it does nothing.</summary>
public abstract class ParameterLessModule<T1, T2, TResult> : nn.Module<T1, T2, TResult>, IParameterLessModule
{
    /// <summary>Starts a module.</summary>
    protected ParameterLessModule(string name)
        : base(name)
    {
    }

    /// <inheritdoc/>
    protected internal override nn.Module _to(Device device, ScalarType dtype, bool non_blocking) => this;

    /// <inheritdoc/>
    protected internal override nn.Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking) => this;

    /// <inheritdoc/>
    protected internal override nn.Module _to(ScalarType dtype, bool non_blocking) => this;

    /// <inheritdoc/>
    public override void register_buffer(string name, Tensor tensor, bool persistent = true) =>
        throw ParameterLess.Refused("a buffer");

    /// <inheritdoc/>
    public override void register_parameter(string name, Parameter param) => throw ParameterLess.Refused("a parameter");

    /// <inheritdoc/>
    public override void register_module(string name, nn.Module submodule)
    {
        ParameterLess.Check(submodule);
        base.register_module(name, submodule);
    }
}

internal static class ParameterLess
{
    internal static InvalidOperationException Refused(string what) =>
        new($"Cannot register {what} on a module that is declared 'parameter-less.'");

    internal static void Check(nn.Module submodule)
    {
        if (submodule is not IParameterLessModule)
            throw new InvalidOperationException("Submodules of a parameter-less module must also be parameter-less.");
    }
}
