using System.Collections;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>A list of modules that registers them as "0", "1", ... when it joins a module itself.</summary>
public class ModuleList<T>(params T[] modules) : nn.Module(nameof(ModuleList<T>)), IList<T>
    where T : nn.Module
{
    private readonly List<T> _list = [.. modules];
    private bool _registered;

    /// <summary>The module at a position.</summary>
    public T this[int index]
    {
        get => _list[index];
        set => _list[index] = value;
    }

    /// <summary>The number of modules.</summary>
    public int Count => _list.Count;

    /// <summary>False.</summary>
    public bool IsReadOnly => false;

    /// <summary>Adds a module; only before the list joins a module.</summary>
    public void Add(T item) => _list.Add(item);

    /// <summary>Adds modules at the end.</summary>
    public void append(params T[] parameters) => _list.AddRange(parameters);

    /// <summary>Adds modules at the end.</summary>
    public void extend(IEnumerable<T> modules) => _list.AddRange(modules);

    /// <summary>Removes all modules.</summary>
    public void Clear() => _list.Clear();

    /// <summary>Whether a module is in the list.</summary>
    public bool Contains(T item) => _list.Contains(item);

    /// <summary>Copies the modules to an array.</summary>
    public void CopyTo(T[] array, int arrayIndex) => _list.CopyTo(array, arrayIndex);

    /// <summary>The modules in order.</summary>
    public IEnumerator<T> GetEnumerator() => _list.GetEnumerator();

    /// <summary>The position of a module, or −1.</summary>
    public int IndexOf(T item) => _list.IndexOf(item);

    /// <summary>Inserts a module.</summary>
    public void Insert(int index, T item) => _list.Insert(index, item);

    /// <summary>Removes a module; false when it is not there.</summary>
    public bool Remove(T item) => _list.Remove(item);

    /// <summary>Removes the module at a position.</summary>
    public void RemoveAt(int index) => _list.RemoveAt(index);

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    protected override void RegisterComponents()
    {
        if (_registered) return;
        for (int i = 0; i < _list.Count; i++) register_module(i.ToString(), _list[i]);
        _registered = true;
    }
}
