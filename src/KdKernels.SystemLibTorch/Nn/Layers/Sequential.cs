using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Modules applied one after another; each intermediate result is disposed once the next module has used it.</summary>
public class Sequential : nn.Module<Tensor, Tensor>
{
    private readonly List<nn.IModule<Tensor, Tensor>> _modules = [];
    private readonly List<string> _names = [];

    internal Sequential()
        : base(nameof(Sequential))
    {
    }

    /// <summary>For derived classes: modules with names.</summary>
    protected Sequential(params (string name, nn.Module<Tensor, Tensor> submodule)[] modules)
        : this()
    {
        foreach (var (name, module) in modules) Add(name, module);
    }

    /// <summary>For derived classes: modules named "0", "1", ...</summary>
    protected Sequential(params nn.Module<Tensor, Tensor>[] modules)
        : this()
    {
        foreach (var module in modules) Add(module);
    }

    /// <summary>The number of modules.</summary>
    public int Count => _modules.Count;

    /// <summary>The module at a position.</summary>
    [IndexerName("SequentialItems")]
    public nn.IModule<Tensor, Tensor> this[int index] => _modules[index];

    /// <summary>The modules from start to before end, shared with this one; null for the first or one past the last.</summary>
    [IndexerName("SequentialItems")]
    public Sequential this[(int? start, int? end) index] => Slice(index.start ?? 0, index.end ?? _modules.Count);

    /// <summary>The modules of a range, shared with this one.</summary>
    [IndexerName("SequentialItems")]
    public Sequential this[Range index] => Slice(index.Start.GetOffset(_modules.Count), index.End.GetOffset(_modules.Count));

    /// <summary>Adds a module at the end.</summary>
    public Sequential append(string name, nn.IModule<Tensor, Tensor> module)
    {
        Add(name, module);
        return this;
    }

    /// <summary>Adds a module at the end, named by its position.</summary>
    public Sequential append(nn.IModule<Tensor, Tensor> module) => append(_modules.Count.ToString(), module);

    /// <inheritdoc/>
    public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true) =>
        recurse
            ? Distinct(named_children().SelectMany(child => child.module.named_parameters(true)
                .Select(entry => ($"{child.name}.{entry.name}", entry.parameter))))
            : [];

    /// <inheritdoc/>
    public override IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_persistent = true) =>
        recurse
            ? Distinct(named_children().SelectMany(child => child.module.named_buffers(true, include_persistent)
                .Select(entry => ($"{child.name}.{entry.name}", entry.buffer))))
            : [];

    /// <inheritdoc/>
    public override IEnumerable<(string name, nn.Module module)> named_children()
    {
        for (int i = 0; i < _modules.Count; i++) yield return (_names[i], (nn.Module)_modules[i]);
    }

    /// <inheritdoc/>
    public override IEnumerable<(string name, nn.Module module)> named_modules() => DescendantsOf(named_children());

    /// <inheritdoc/>
    public override nn.Module apply(Action<nn.Module> fn)
    {
        foreach (var (_, child) in named_children()) child.apply(fn);
        fn(this);
        return this;
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor tensor)
    {
        if (_modules.Count == 0) return tensor.alias();
        Tensor current = _modules[0].call(tensor);
        for (int i = 1; i < _modules.Count; i++)
        {
            Tensor next = _modules[i].call(current);
            // A hook may have given the input itself back.
            if (!ReferenceEquals(next, current)) current.Dispose();
            current = next;
        }
        return current;
    }

    internal void Add(string name, nn.IModule<Tensor, Tensor> module)
    {
        _modules.Add(module);
        _names.Add(name);
    }

    internal void Add(nn.IModule<Tensor, Tensor> module) => Add(_modules.Count.ToString(), module);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var (_, child) in named_children()) child.Dispose();
        }
        base.Dispose(disposing);
    }

    private static IEnumerable<(string, T)> Distinct<T>(IEnumerable<(string, T)> entries)
        where T : Tensor
    {
        var seen = new HashSet<IntPtr> { IntPtr.Zero };
        return entries.Where(entry => seen.Add(HandleOf(entry.Item2)));
    }

    private Sequential Slice(int start, int end)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(end);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, _modules.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, _modules.Count);
        var slice = new Sequential();
        for (int i = start; i < end; i++) slice.Add(_names[i], _modules[i]);
        return slice;
    }
}
